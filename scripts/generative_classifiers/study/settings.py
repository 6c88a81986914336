"""`studies/<name>.yaml`: a list of datasets and a list of observers, and what is asked of them."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from generative_classifiers.study.benchmark_names import CUE_CONFLICTS
from generative_classifiers.study.datasets import Dataset, DatasetName
from generative_classifiers.study.prompts import Prompt
from generative_classifiers.study.trainings import Trainings
from generative_classifiers.study.validation import (
    MOST_DRAWS,
    Items,
    Limit,
    Name,
    Pair,
    Seed,
    Share,
    Strict,
    Text,
    missing,
    union_of,
    wrong,
)
from generative_classifiers.study.views import Views

DrawCount = Annotated[int, Field(ge=1, le=MOST_DRAWS)]
Images = Annotated[int, Field(ge=16, le=10**6, multiple_of=16)]


class Pruning(Strict):
    """When categories that cannot win get no more draws: `evidence.pruning`."""

    min: DrawCount = Field(description="Draws that every category gets: at least 2, with the test moderated 1.")
    max: DrawCount = Field(ge=2, description="Draws of a category that is never dropped.")
    test: Literal["paired", "sequential", "moderated"]
    level: Annotated[float, Field(gt=0, lt=1)] = Field(description="Significance level of the test.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min < 2 and self.test != "moderated":
            raise wrong("min", f"expected at least 2 with the test {self.test}, found {self.min}")
        if self.min > self.max:
            raise wrong("min", f"expected at most max, {self.max}, found {self.min}")
        return self


def _draws_member(draws: object) -> str:
    return "<pruning>" if isinstance(draws, dict | Pruning) else "<number>"


Draws = union_of({"number": DrawCount, "pruning": Pruning}, _draws_member)


class LogSnrSetting(Strict):
    """The paper's weighting, carried from the schedule of a source to others at equal signal-to-noise ratio."""

    rule: Literal["log_snr"]
    source: Literal["imagen", "stable-diffusion"] = Field(description="The schedule in which it is exp(-7 t).")


class LearnedSetting(Strict):
    """A weighting for each dataset that is fitted to the other datasets of the study."""

    rule: Literal["learned"]


def _weighting_member(weighting: object) -> str:
    if isinstance(weighting, str):
        return "<name>"
    rule = weighting.get("rule") if isinstance(weighting, dict) else getattr(weighting, "rule", None)
    return "<learned>" if rule == "learned" else "<log_snr>"


Weighting = union_of(
    {"name": Literal["exponential", "simple", "uniform"], "log_snr": LogSnrSetting, "learned": LearnedSetting},
    _weighting_member,
)


class Evidence(Strict):
    """What evidence is gathered, and how it is weighted."""

    draws: Draws = Field(description="Draws per image and category: a number, or the settings of a pruning test.")
    draws_of: dict[Name, Draws] = Field(
        {}, description="Draws of single observers, with and without a view, that have others than the rest."
    )
    exhaustive: dict[DatasetName, DrawCount] = Field(
        {},
        description="Golden draws of all categories that diffusion models without a view get on single datasets, "
        "whatever draws and times say. Any weighting can be tried on them.",
    )
    times: Literal["golden", "uniform", "weighted"] = Field(
        description="How noise levels are spread; see docs/method.md."
    )
    seed: Seed
    weighting: Weighting = Field(description="What a noise level counts for in the decision.")
    reconstruct_draw: Annotated[int, Field(ge=0)] | None = Field(
        description="The draw whose reconstructions are kept; null for none."
    )
    together: bool = Field(
        False, description="Whether one job evaluates all datasets of an observer: for models that load slowly."
    )
    shard: Annotated[int, Field(ge=1, le=10**6)] = Field(
        description="Images of a Zarr shard: what an interruption can cost."
    )

    @model_validator(mode="after")
    def _weighting_is_known_to_pruning(self) -> Self:
        pruned = any(isinstance(draws, Pruning) for draws in (self.draws, *self.draws_of.values()))
        if pruned and isinstance(self.weighting, LearnedSetting):
            raise wrong("weighting", "expected another rule than learned where draws are pruned by the weighting")
        return self

    @model_validator(mode="after")
    def _kept_draw_is_certain(self) -> Self:
        for draws in (self.draws, *self.draws_of.values(), *self.exhaustive.values()):
            certain = draws.min if isinstance(draws, Pruning) else draws
            if self.times == "weighted":
                continue  # the kept reconstruction has a draw of its own
            if self.reconstruct_draw is not None and self.reconstruct_draw >= certain:
                expected = f"expected less than {certain}, the draws that every category gets"
                raise wrong("reconstruct_draw", f"{expected}, found {self.reconstruct_draw}")
        return self


class Stimulus(Strict):
    """An image of one of the study's datasets."""

    dataset: DatasetName
    image: Text = Field(description="Its name, for example bottle1-bear1.png.")


class ExampleImages(Strict):
    """Single images whose reconstructions figures 2, 7 and 8 show."""

    draw: Annotated[int, Field(ge=0, le=MOST_DRAWS)] = Field(
        description="The draw at whose noise they are reconstructed, numbered as in the evidence."
    )
    stimulus: Stimulus | None = None
    ambiguous_images: Annotated[Items[Name], Field(min_length=1)] | None = Field(
        None, description="Names of registry/ambiguous_images.yaml."
    )


class WorldImages(Strict):
    """Numbers of images, multiples of the 16 categories."""

    parametric: Images = Field(description="Of a condition of a parametric dataset.")
    nonparametric: Images = Field(description="Of a nonparametric dataset.")
    cue_conflict: Annotated[int, Field(ge=240, le=10**6, multiple_of=240)] = Field(
        alias="cue-conflict",
        description="Of cue-conflict and of each condition of cue-conflict-textures; 240 have each pair once.",
    )


class World(Strict):
    """The miniature's world, whose images are rendered instead of downloaded."""

    seed: Seed
    size: Annotated[int, Field(ge=16, le=4096, multiple_of=8)] = Field(description="Pixels along a side.")
    texture_contrast: Annotated[tuple[Share, Share], Field(strict=False)] = Field(
        description="Range of the texture's contrast from image to image."
    )
    images: WorldImages

    @model_validator(mode="after")
    def _contrast_is_a_range(self) -> Self:
        low, high = self.texture_contrast
        if low > high:
            raise wrong("texture_contrast", f"expected the smaller value first, found {low} and {high}")
        return self

    def number_of_images(self, dataset: str, row: Dataset) -> int:
        """The number of images that a dataset has, over all of its conditions."""
        of_condition = self.images.cue_conflict if dataset in CUE_CONFLICTS else getattr(self.images, row.kind)
        return of_condition * len(row.conditions)


class SimulatedObserver(Strict):
    """Parameters of a simulated observer."""

    texture_weight: Annotated[float, Field(ge=0)] = Field(
        description="What the evidence of the texture counts for; that of the shape counts 1."
    )
    noise: Annotated[float, Field(ge=0)] = Field(
        description="Standard deviation of the internal noise, in units of the shape's evidence."
    )
    lapse: Share = Field(description="Share of trials that are answered at random.")


def _unique(names: tuple[str, ...], key: str) -> None:
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise wrong(key, f"expected each name once, found {repeated[0]!r} {names.count(repeated[0])} times")


class StudySettings(Strict):
    """The content of a study's file."""

    description: str
    reference: Name = Field(
        description="The group that models are compared with: humans, simulated or one of your own."
    )
    datasets: Annotated[Items[DatasetName], Field(min_length=1)] = Field(description="Names of registry/datasets.yaml.")
    observers: Annotated[Items[Name], Field(min_length=1)] = Field(description="Names of registry/observers.yaml.")
    stimuli: Annotated[Items[DatasetName], Field(min_length=1)] | None = Field(
        None, description="Datasets whose images are needed; without it all of them, if a model takes part."
    )
    limit: Limit | None = Field(None, description="Images of each condition and category that take part; null: all.")
    figures: Annotated[Items[Text], Field(min_length=1)] | None = Field(
        None, description="Figures to draw; without it all that the datasets allow, but for those of the lab."
    )
    trainings: dict[Name, Trainings] = Field(
        {}, description="Networks that the study trains, variants of observers; all of them take part."
    )
    matched: dict[Name, dict[Name, Text]] = Field(
        {},
        description="Models that differ in single factors, question S7 of docs/lab.md: the level of each factor, by "
        "model. The first model has the levels that the others are compared with.",
    )
    trained_by: Name | None = Field(
        None, description="The study whose models figures S6 and S7 show, if not this one. It ships as an archive."
    )
    views: Views = Field(
        {}, description="What is done to the stimuli; every model with every view is an observer of its own."
    )
    highlights: Items[Name] = Field(
        (), description="Observers that figures show one by one in a family of many, and with bands."
    )
    compared: Pair[Name] | None = Field(
        None,
        description="Two observers whose shape biases the lab compares in every world: the first minus the second.",
    )
    matrix_order: Literal["family", "clustering"] = Field(
        "family", description="How matrices order the observers of a group: by family, or similar ones side by side."
    )
    prompt: Prompt | None = Field(None, description="With {category} in the place of the class name.")
    evidence: Evidence | None = None
    example_images: ExampleImages | None = None
    world: World | None = None
    simulated: Annotated[dict[Name, SimulatedObserver], Field(min_length=2)] | None = Field(
        None, description="The simulated observers by name."
    )

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        for key in ("datasets", "observers", "stimuli", "figures", "highlights", "compared"):
            _unique(getattr(self, key) or (), key)
        _unique(self.example_images.ambiguous_images or () if self.example_images else (), "example_images")
        if self.views and self.evidence is None:
            raise missing("evidence", "views needs it")
        for model, levels in self.matched.items():
            first, expected = next(iter(self.matched.items()))
            if levels.keys() != expected.keys():
                raise wrong(("matched", model), f"expected the factors of {first}: {', '.join(expected)}")
        for key, needed in {"prompt": "evidence", "example_images": "evidence", "simulated": "world"}.items():
            if getattr(self, key) is not None and getattr(self, needed) is None:
                raise missing(needed, f"{key} needs it")
        return self
