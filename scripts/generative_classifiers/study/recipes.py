"""Recipes: how the networks of the miniature, and those with diffusion noise, are trained."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from generative_classifiers.study.validation import (
    Count,
    Items,
    Positive,
    Seed,
    Share,
    Strict,
    missing,
    union_of,
    unknown,
    wrong,
)

Time = Annotated[float, Field(ge=0)]


class Augmentation(Strict):
    """What is done to images in training alone: a blur, then noise. The network is evaluated on images as they are."""

    noise: Literal["sqrt_alphas", "alphas"] | None = Field(
        None, description="Diffusion noise of a random level u for each image: alpha is the square root of u, or u."
    )
    sigma: Share | None = Field(
        None, description="Instead of noise: its standard deviation in x_t = alpha x + sigma epsilon, for all images."
    )
    low_pass: Annotated[float, Field(gt=0)] | None = Field(
        None, description="Standard deviation of a Gaussian blur, in pixels of images that are 224 pixels wide."
    )
    share: Annotated[float, Field(gt=0, le=1)] = Field(1.0, description="Share of the images that it is done to.")

    @model_validator(mode="after")
    def _noise_is_one(self) -> Self:
        if self.noise is not None and self.sigma is not None:
            raise wrong("sigma", "expected either this key or noise")
        return self

    @property
    def noise_share(self) -> float:
        """The mean of sigma² over the images: what part of their variance is noise, if that of images is 1.

        Examples
        --------
        >>> Augmentation(noise="sqrt_alphas", share=0.5).noise_share
        0.25
        """
        squares = {"sqrt_alphas": 1 / 2, "alphas": 2 / 3, None: (self.sigma or 0.0) ** 2}
        return self.share * squares[self.noise]


class Training(Strict):
    """What all trainings have: a number of steps, and a learning rate that rises and falls."""

    steps: Count = Field(description="Batches that are trained on.")
    batch_size: Count = Field(description="Images of a step.")
    learning_rate: Positive
    warm_up: Time = Field(description="Steps in which the learning rate rises.")
    decay: Positive = Field(description="Steps in which it falls linearly to zero, at the end.")
    ema: Share = Field(description="Decay of the moving average of the weights.")
    seed: Seed


class Generative(Training):
    """What all generative models of the miniature have."""

    resolution: Annotated[int, Field(ge=8)] | None = Field(
        None, description="Pixels along a side of the images that the model sees, if not those of the world's images."
    )


class Autoencoder(Training):
    """What a latent diffusion model sees images through."""

    widths: Annotated[Items[Count], Field(min_length=3)] = Field(description="Channels at each resolution.")
    latent_channels: Count


class Codebook(Training):
    """What turns images into tokens."""

    uncoded: Count = Field(description="The first steps, in which the codebook is not used.")
    codes: Annotated[int, Field(ge=2, le=10**6)] = Field(description="Number of different tokens.")
    code_channels: Count = Field(description="Numbers that a code consists of.")


class CodebookWithWidths(Codebook):
    """The same with an autoencoder of its own widths."""

    widths: Annotated[Items[Count], Field(min_length=1)]


class Diffusion(Generative):
    """What both diffusion models of the miniature have."""

    widths: Annotated[Items[Count], Field(min_length=1)] = Field(description="Channels at each resolution.")
    time_power: Positive = Field(description="Noise levels are U^power, U uniform.")
    empty_prompts: Share = Field(description="Share of images that are trained with an empty prompt.")
    compile: bool
    text_layers: Annotated[int, Field(ge=0)] = Field(
        2, description="Layers of the text encoder. With 0, every word is a vector of its own: plain class embeddings."
    )


class PixelDiffusion(Diffusion):
    """The miniature's pixel diffusion model."""

    model: Literal["pixel_diffusion"]
    block: Count = Field(description="Pixels along a side that become the channels of one position.")
    subsampled_colour: bool = Field(False, description="Whether blocks have luma, and one value of each chroma.")


class LatentDiffusion(Diffusion):
    """The miniature's latent diffusion model."""

    model: Literal["latent_diffusion"]
    autoencoder: Autoencoder
    initial: str | None = Field(
        None,
        description="Folder of a trained pixel diffusion model, absolute or relative to the project's root. The "
        "training starts from its weights; only the network's first and last layers are new.",
    )


class TokenModel(Generative):
    """What both token models of the miniature have."""

    width: Annotated[int, Field(ge=4, multiple_of=4)] = Field(description="Channels of the transformer.")
    layers: Count
    augmentation: Augmentation | None = None


class Autoregressive(TokenModel):
    """The miniature's autoregressive model."""

    model: Literal["autoregressive"]
    codebook: Codebook


class Masked(TokenModel):
    """The miniature's masked model."""

    model: Literal["masked"]
    codebook: CodebookWithWidths


class Discriminative(Strict):
    """A training of a discriminative network. Its times are in steps, or in epochs if it says epochs."""

    data: Literal["world", "imagenet"] = Field(
        description="The world's drawings, or the folder imagenet of config.yaml."
    )
    steps: Count | None = None
    epochs: Positive | None = Field(None, description="How often every image is seen.")
    batch_size: Count = Field(description="Images of a step and device.")
    devices: Count = Field(1, description="Devices that share a step; fewer GPUs take several shares in turn.")
    optimizer: Literal["adamw", "sgd"]
    learning_rate: Positive
    momentum: Share = 0.0
    weight_decay: Time = 0.0
    schedule: Literal["linear", "cosine"] = Field("linear", description="How the learning rate falls.")
    warm_up: Time = 0.0
    decay: Positive | None = Field(None, description="Time in which a linear schedule falls to zero.")
    dtype: Literal["float32", "bfloat16"] = Field(
        "float32", description="Of the network's passes; weights are float32."
    )
    half: bool = Field(False, description="Whether the weights are saved in half precision.")
    augmentation: Augmentation | None = None
    sync_batch_norm: bool = Field(False, description="Whether batch norm is over the images of all devices.")
    seed: Seed

    @model_validator(mode="after")
    def _times_are_complete(self) -> Self:
        if (self.steps is None) == (self.epochs is None):
            raise wrong("steps", "expected either steps or epochs")
        if self.schedule == "linear" and self.decay is None:
            raise missing("decay", "a linear schedule needs it")
        return self


_GENERATIVE = {
    "pixel_diffusion": PixelDiffusion,
    "latent_diffusion": LatentDiffusion,
    "autoregressive": Autoregressive,
    "masked": Masked,
}


def _model(recipe: Any) -> str:
    return f"<{recipe.get('model') if isinstance(recipe, dict) else getattr(recipe, 'model', None)}>"


def _check_model(recipe: Any) -> Any:
    if isinstance(recipe, dict) and recipe.get("model") not in _GENERATIVE:
        raise wrong("model", unknown(recipe["model"], _GENERATIVE)) if "model" in recipe else missing("model")
    return recipe


GenerativeRecipe = Annotated[union_of(_GENERATIVE, _model), BeforeValidator(_check_model)]
