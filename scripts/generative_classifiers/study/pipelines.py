"""Rows of generative and vision-language models: pipelines."""

from typing import Literal, Self

from pydantic import Field, model_validator

from generative_classifiers.study import recipes
from generative_classifiers.study.observer import PipelineObserver, Side
from generative_classifiers.study.validation import (
    Count,
    Name,
    Strict,
    wrong,
)


class GenerativeObserver(PipelineObserver):
    """A text-to-image model."""

    training: recipes.GenerativeRecipe | None = Field(None, description="The recipe, where the project trained it.")


class Latents(Strict):
    """The latents of a model."""

    channels: Count
    factor: Count = Field(description="Pixels of the image along a side of each.")


class DiffusionObserver(GenerativeObserver):
    """A text-conditional diffusion or flow-matching model."""

    family: Literal["diffusion"]
    distance: Literal["latent", "l2", "perceptual"] = Field(
        "latent", description="What losses are: the error of what the network sees, or of the image that it paints."
    )
    latents: Latents | None = Field(None, description="Null where the network works on pixels.")

    @property
    def denoises(self) -> Literal["pixels", "latents"]:
        """What the network sees."""
        return "latents" if self.latents else "pixels"


class AutoregressiveObserver(GenerativeObserver):
    """A model that predicts image tokens one by one."""

    family: Literal["autoregressive"]


class MaskedObserver(GenerativeObserver):
    """A model that predicts masked image tokens."""

    family: Literal["masked"]
    reading: Literal["likelihood", "reconstruction"] = Field("likelihood", description="What its decision rests on.")
    pixels_per_token: Count = Field(16, description="Along a side of the image, for the forecast.")
    distance: Literal["l2", "perceptual"] = Field("l2", description="Between the image and its reconstruction.")

    @model_validator(mode="after")
    def _distances_are_of_reconstructions(self) -> Self:
        if self.reading == "likelihood" and self.distance != "l2":
            raise wrong("distance", "expected no such key: the reading is likelihood, not reconstruction")
        return self


class VisionLanguageObserver(PipelineObserver):
    """A model that answers questions about images."""

    family: Literal["vision-language"]
    source: Literal["transformers"]
    resolution: Side = Field(description="Pixels along a side of the images that its processor gets.")
    question: Name = Field("names", description="In registry/questions.yaml.")
    orders: Count = Field(1, description="Cyclic orders of the listed categories, over which losses are averaged.")
