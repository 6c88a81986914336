"""`registry/observers.yaml`: all observers that studies can name."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from generative_classifiers.study import recipes
from generative_classifiers.study.families import FAMILIES, Family
from generative_classifiers.study.network_settings import Latents, NetworkSettings
from generative_classifiers.study.validation import (
    Count,
    Items,
    Name,
    Positive,
    Sha256,
    Strict,
    Text,
    Triple,
    missing,
    union_of,
    unknown,
    wrong,
)
from generative_classifiers.study.weight_files import File

Dtype = Literal["float32", "bfloat16", "float16"]
Revision = Annotated[str, Field(min_length=1)]
Side = Annotated[int, Field(ge=8, le=65536)]
Channels = Triple[float]

IMAGENET_CLASSES = 1000


class Observer(Strict):
    """What the rows of all observers can say."""

    # Keys that say nothing about what an observer answers.
    DESCRIPTIVE: ClassVar[frozenset[str]] = frozenset(
        {"label", "enabled", "licence", "trained_on", "size_mb", "verified", "mem_mb", "published_as", "highlight"}
        | {"without_noise", "evaluations_per_second", "batch_size", "latents", "pixels_per_token"}
    )

    label: Text = Field(description="Its name in figures.")
    family: str
    enabled: bool = Field(True, description="false leaves the observer out of every study that names it.")
    highlight: bool = Field(False, description="Whether it stands out of a family of many.")
    published_as: Text | None = Field(None, description="Its row in registry/published.yaml, if the paper measured it.")

    @property
    def kind(self) -> Family:
        """What is known of all observers of its family."""
        return FAMILIES[self.family]

    @property
    def made_by_run(self) -> bool:
        """Whether its weights can only come from a training."""
        return False

    def decisive(self) -> dict[str, Any]:
        """The part of its row that its evidence depends on, as plain data."""
        return {key: value for key, value in self.as_params().items() if key not in self.DESCRIPTIVE}


class ReferenceObserver(Observer):
    """Humans, or the simulated observers in their place: a name for all of them."""

    family: Literal["human", "simulated"]


class PublishedObserver(Observer):
    """An observer whose decisions others published, or that only the user has."""

    family: Literal["published"]
    answers: Text | None = Field(
        None, description="A folder like model-vs-human's raw-data; the observer takes part where it has files of it."
    )


class ModelObserver(Observer):
    """An observer that gives evidence."""

    dtype: Dtype = Field("float32", description="Precision of the network.")
    batch_size: Count = Field(64, description="Evaluations at once.")
    evaluations_per_second: Positive | None = Field(None, description="Of the network on one GPU, for the forecast.")
    mem_mb: Annotated[int, Field(ge=100)] = Field(16000, description="Memory that a job asks the cluster for.")
    licence: Text | None = Field(None, description="Of the weights; null if unknown.")
    size_mb: Count | None = Field(None, description="Size of the weights.")
    trained_on: Text | None = Field(None, description="The images that it was trained on.")
    verified: bool | None = Field(None, description="false if the weights of the row have never been loaded.")


class PipelineObserver(ModelObserver):
    """A model in a folder of the project or in a repository of the Hugging Face hub."""

    pipeline: Text = Field(description="A folder of the project or a hub id.")
    revision: Revision | None = Field(None, description="The commit of the hub's repository.")
    sha256: Sha256 | None = Field(None, description="Of all weights of a folder.")
    variant: Text | None = Field(None, description="Of the files, for example fp16.")
    resolution: Side | None = Field(None, description="Pixels along a side, instead of the network's own.")


class GenerativeObserver(PipelineObserver):
    """A text-to-image model."""

    training: recipes.GenerativeRecipe | None = Field(None, description="The recipe, where the project trained it.")


class DiffusionObserver(GenerativeObserver):
    """A text-conditional diffusion or flow-matching model."""

    family: Literal["diffusion"]
    latents: Latents | None = Field(None, description="For the forecast; null where the network works on pixels.")
    distance: Literal["latent", "l2", "perceptual"] = Field(
        "latent", description="What losses are: the error of what the network sees, or of the image that it paints."
    )


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


class ClassifierObserver(ModelObserver):
    """What images go through before a classifier sees them. Without a value, what is usual for ImageNet."""

    resolution: Side = 224
    resize: Side | None = Field(None, description="Pixels along a side before the centre is cropped to the resolution.")
    mean: Channels = Field((0.485, 0.456, 0.406), description="Of the channels in [0, 1]; it is subtracted.")
    std: Channels = Field((0.229, 0.224, 0.225), description="Divided by after that.")
    classes: Annotated[int, Field(ge=2)] | None = Field(None, description="How many classes the model tells apart.")


class DiscriminativeObserver(ClassifierObserver):
    """A network that names what it sees."""

    family: Literal["discriminative"]
    network: Text = Field(description="Its name in the library that builds it.")
    settings: NetworkSettings = NetworkSettings()
    noise: Literal["sqrt_alphas", "alphas"] | None = Field(
        None, description="The diffusion noise that the network is trained and evaluated with."
    )
    without_noise: Name | None = Field(None, description="The same network, trained and evaluated without noise.")


class TorchvisionObserver(DiscriminativeObserver):
    """A network and weights of torchvision."""

    source: Literal["torchvision"]
    library: Literal["torchvision"] = "torchvision"
    weights: Text = Field(description="A member of torchvision's enumeration of the network's weights.")


class TimmObserver(DiscriminativeObserver):
    """A network of timm, with its weights on the hub."""

    source: Literal["timm"]
    library: Literal["timm", "torchvision"] = "timm"
    revision: Revision | None = Field(None, description="The commit of the hub's repository.")


class CheckpointObserver(DiscriminativeObserver):
    """A network whose weights are in files."""

    source: Literal["checkpoint", "package"]
    library: Literal["torchvision", "timm", "efficientnet_lite_pytorch", "own"]
    files: Annotated[Items[File], Field(min_length=1)]


class TrainedObserver(DiscriminativeObserver):
    """A network that the run trains."""

    source: Literal["training"]
    library: Literal["torchvision", "timm", "own"]
    training: recipes.Discriminative

    @property
    def made_by_run(self) -> bool:
        """Its weights come from the training."""
        return True


class ContrastiveObserver(ClassifierObserver):
    """A model that compares images with texts."""

    family: Literal["contrastive"]
    templates: Name | None = Field(None, description="Prompts in registry/templates.yaml instead of the study's.")

    @model_validator(mode="after")
    def _classes_have_templates(self) -> Self:
        if self.classes not in (None, IMAGENET_CLASSES):
            raise wrong("classes", f"expected {IMAGENET_CLASSES}, or no such key: then the categories are the classes")
        if self.classes and not self.templates:
            raise missing("templates", "the study's prompts are not of ImageNet's classes")
        return self


class OpenClipObserver(ContrastiveObserver):
    """A model of open_clip."""

    source: Literal["open_clip"]
    network: Text = Field(description="Its name in open_clip.")
    weights: Text = Field(description="A file, or what open_clip calls weights that it knows on the hub.")
    revision: Revision | None = None
    sha256: Sha256 | None = None


class TransformersClipObserver(ContrastiveObserver):
    """A CLIP model of transformers."""

    source: Literal["transformers"]
    pipeline: Text = Field(description="A folder of the project or a hub id.")
    revision: Revision | None = None
    sha256: Sha256 | None = None
    variant: Text | None = None


_WITH_SOURCE = {
    "discriminative": ("torchvision", "timm", "checkpoint", "package", "training"),
    "contrastive": ("open_clip", "transformers"),
    "vision-language": ("transformers",),
}
_CLASSES: dict[str, type[Observer]] = {
    "human": ReferenceObserver,
    "simulated": ReferenceObserver,
    "published": PublishedObserver,
    "diffusion": DiffusionObserver,
    "autoregressive": AutoregressiveObserver,
    "masked": MaskedObserver,
    "discriminative, source torchvision": TorchvisionObserver,
    "discriminative, source timm": TimmObserver,
    "discriminative, source checkpoint": CheckpointObserver,
    "discriminative, source package": CheckpointObserver,
    "discriminative, source training": TrainedObserver,
    "contrastive, source open_clip": OpenClipObserver,
    "contrastive, source transformers": TransformersClipObserver,
    "vision-language, source transformers": VisionLanguageObserver,
}


def _value(row: Any, key: str) -> Any:
    return row.get(key) if isinstance(row, dict) else getattr(row, key, None)


def _member(row: Any) -> str:
    """The class of a row, by its family and, for some families, by the source of the weights."""
    family = _value(row, "family")
    return f"<{family}, source {_value(row, 'source')}>" if family in _WITH_SOURCE else f"<{family}>"


def _check_member(row: Any) -> Any:
    """Refuse an unknown family or source, with the nearest one that is known."""
    for key, known in (("family", FAMILIES), ("source", _WITH_SOURCE.get(_value(row, "family"), ()))):
        if isinstance(row, dict) and known and row.get(key) not in known:
            raise wrong(key, unknown(row[key], known)) if key in row else missing(key)
    return row


AnyObserver = Annotated[union_of(_CLASSES, _member), BeforeValidator(_check_member)]


class Observers(Strict):
    """The content of `registry/observers.yaml`."""

    observers: dict[Name, AnyObserver]
