"""What the rows of observers have in common, whatever the family."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from generative_classifiers.study.datasets import DecisionFormat
from generative_classifiers.study.families import FAMILIES, Family
from generative_classifiers.study.validation import (
    Count,
    Positive,
    Sha256,
    Strict,
    Text,
)
from generative_classifiers.study.views import View

Dtype = Literal["float32", "bfloat16", "float16"]
Revision = Annotated[str, Field(min_length=1)]
Side = Annotated[int, Field(ge=8, le=65536)]


class Observer(Strict):
    """What the rows of all observers can say."""

    # Keys that say nothing about what an observer answers.
    DESCRIPTIVE: ClassVar[frozenset[str]] = frozenset(
        {"label", "enabled", "licence", "trained_on", "size_mb", "verified", "mem_mb", "published_as"}
        | {
            "without_noise",
            "evaluations_per_second",
            "gflop",
            "gflop_in_float32",
            "batch_size",
            "latents",
            "pixels_per_token",
        }
    )

    label: Text = Field(description="Its name in figures.")
    family: str
    enabled: bool = Field(True, description="false leaves the observer out of every study that names it.")
    published_as: Text | None = Field(None, description="Its row in registry/published.yaml, if the paper measured it.")

    @property
    def kind(self) -> Family:
        """What is known of all observers of its family."""
        return FAMILIES[self.family]

    @property
    def needs_evidence(self) -> bool:
        """Whether its decisions are computed from evidence, and not read from files."""
        return self.kind.needs_evidence

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
    answers: Text | None = Field(
        None, description="A folder like model-vs-human's raw-data, with the files of a group of people of your own."
    )
    licence: Text | None = Field(None, description="Of the files in the folder answers; null if unknown.")


class PublishedObserver(Observer):
    """An observer whose decisions others published, or that only the user has."""

    family: Literal["published", "contrastive", "vision-language"] = Field(
        description="published is a discriminative network."
    )
    source: Literal["published"] = "published"
    answers: Text | None = Field(
        None, description="A folder like model-vs-human's raw-data; the observer takes part where it has files of it."
    )
    format: DecisionFormat = Field("model-vs-human", description="Of the files in the folder answers.")
    licence: Text | None = Field(None, description="Of the files in the folder answers; null if unknown.")

    @property
    def needs_evidence(self) -> bool:
        """Decisions are read from files, whatever the family."""
        return False


class ModelObserver(Observer):
    """An observer that gives evidence."""

    dtype: Dtype = Field("float32", description="Precision of the network.")
    batch_size: Count = Field(64, description="Evaluations at once.")
    gflop: Positive | None = Field(
        None, description="Floating-point operations of an evaluation, in 10^9, for the forecast."
    )
    gflop_in_float32: Positive | None = Field(
        None, description="Further operations that are made in float32, whatever the precision of the network."
    )
    evaluations_per_second: Positive | None = Field(
        None, description="Of the network on one GPU, as measured; the forecast then needs no gflop."
    )
    mem_mb: Annotated[int, Field(ge=100)] = Field(16000, description="Memory that a job asks the cluster for.")
    view: View | None = Field(
        None, description="What is done to stimuli before it sees them; a study's views are given in the study."
    )
    licence: Text | None = Field(None, description="Of the weights; null if unknown.")
    size_mb: Count | None = Field(None, description="Size of the weights.")
    trained_on: Text | None = Field(None, description="The images that it was trained on.")
    verified: bool | None = Field(None, description="false if the weights of the row have never been loaded.")


class PipelineObserver(ModelObserver):
    """A model in a folder of the project or in a repository of the Hugging Face hub."""

    pipeline: Text = Field(description="A folder, absolute or relative to the project's root, or a hub id.")
    revision: Revision | None = Field(None, description="The commit of the hub's repository.")
    sha256: Sha256 | None = Field(None, description="Of all weights of a folder.")
    variant: Text | None = Field(
        None, description="Of the files, for example fp16; without it, the plain files or the only variant there is."
    )
    resolution: Side | None = Field(None, description="Pixels along a side, instead of the network's own.")
