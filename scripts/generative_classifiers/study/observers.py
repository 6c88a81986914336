"""`registry/observers.yaml`: all observers that studies can name."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from generative_classifiers.study import recipes
from generative_classifiers.study.families import FAMILIES
from generative_classifiers.study.observer import (
    ModelObserver,
    Observer,
    PublishedObserver,
    ReferenceObserver,
    Revision,
    Side,
)
from generative_classifiers.study.pipelines import (
    AutoregressiveObserver,
    DiffusionObserver,
    MaskedObserver,
    VisionLanguageObserver,
)
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

Channels = Triple[float]
Deviations = Triple[Positive]

IMAGENET_CLASSES = 1000


class NetworkSettings(Strict):
    """Arguments that a network is built with."""

    width: Count | None = Field(None, description="Of wide_resnet50.")
    transform_input: bool | None = Field(None, description="Of inception_v3.")
    init_weights: bool | None = Field(None, description="Of inception_v3.")
    pipeline: Text | None = Field(
        None, description="Of diffusion_classifier: the folder of a diffusion model, relative to the project's root."
    )
    only_head: bool | None = Field(None, description="Of diffusion_classifier: whether its other weights are kept.")


class ClassifierObserver(ModelObserver):
    """What images go through before a classifier sees them. Without a value, what is usual for ImageNet."""

    resolution: Side = 224
    resize: Side | None = Field(None, description="Pixels along a side before the centre is cropped to the resolution.")
    mean: Channels = Field((0.485, 0.456, 0.406), description="Of the channels in [0, 1]; it is subtracted.")
    std: Deviations = Field((0.229, 0.224, 0.225), description="Divided by after that.")
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
    weights: Text = Field(description="A member of torchvision's enumeration of the network's weights, or a file.")
    sha256: Sha256 | None = Field(None, description="Of the file.")


class TimmObserver(DiscriminativeObserver):
    """A network of timm, with its weights on the hub or in a file."""

    source: Literal["timm"]
    library: Literal["timm", "torchvision"] = "timm"
    weights: Text | None = Field(None, description="A file, instead of the weights on the hub.")
    sha256: Sha256 | None = Field(None, description="Of the file.")
    revision: Revision | None = Field(None, description="The commit of the hub's repository.")


class CheckpointObserver(DiscriminativeObserver):
    """A network whose weights are in files."""

    source: Literal["checkpoint", "package"]
    library: Literal["torchvision", "timm", "efficientnet_lite_pytorch", "own"]
    files: Annotated[Items[File], Field(min_length=1)]


class TrainedObserver(DiscriminativeObserver):
    """A network that the project trains: during the run, unless the row names the weights of an earlier training."""

    source: Literal["training"]
    library: Literal["torchvision", "timm", "own"]
    training: recipes.Discriminative
    weights: Text | None = Field(None, description="A file, relative to the project's root.")
    sha256: Sha256 | None = Field(None, description="Of the file.")

    @property
    def made_by_run(self) -> bool:
        """Without a file, its weights come from the training."""
        return self.weights is None


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
    pipeline: Text = Field(description="A folder, absolute or relative to the project's root, or a hub id.")
    revision: Revision | None = None
    sha256: Sha256 | None = None
    variant: Text | None = None


_WITH_SOURCE = {
    "discriminative": ("torchvision", "timm", "checkpoint", "package", "training"),
    "contrastive": ("open_clip", "transformers", "published"),
    "vision-language": ("transformers", "published"),
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
    "contrastive, source published": PublishedObserver,
    "vision-language, source published": PublishedObserver,
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
