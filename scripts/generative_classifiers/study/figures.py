"""Which figure and table of the paper is which plot, and of what: `registry/figures.yaml`."""

from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.paths import ROOT
from generative_classifiers.study.families import FAMILIES
from generative_classifiers.study.measures import MEASURES

FILE = "registry/figures.yaml"


def _one_of(names: Collection[str]) -> AfterValidator:
    """A validator of text that must be one of the names."""

    def check(name: str) -> str:
        if name not in names:
            raise ValueError(f"{name!r} is unknown, expected one of {', '.join(names)}")
        return name

    return AfterValidator(check)


MetricsStore = Literal["accuracy", "benchmark", "comparisons", "conditions", "consistency", "ranking", "shape_bias"]
MeasureName = Annotated[str, _one_of(("accuracy", *MEASURES))]
FamilyName = Annotated[str, _one_of(FAMILIES)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(_Row):
    """A plot, and what it shows. A study that lacks what it needs does without the figure.

    Attributes
    ----------
    plot : str
        Its script is `scripts/plot_<plot>.py`.
    category : str
        The heading under which the report lists it.
    metrics : str or None
        The store of metrics that it shows. None: it shows reconstructions of an example image.
    dataset : str or None
        The dataset that it shows.
    datasets : tuple of str
        The datasets that it shows. A study needs at least one of them.
    kind : {"parametric", "nonparametric"} or None
        It shows all of a study's datasets of this kind. A study needs at least one.
    measures : tuple of str
        The variables that it shows, where the plot leaves a choice.
    group : str or None
        The group of families that it shows next to the reference group. None: all of them.
    example_image : {"stimulus", "ambiguous_images"} or None
        The example image whose reconstructions it shows.
    families : tuple of str
        The families of the observers whose reconstructions it shows.
    only_first : bool
        Whether it shows the first of these observers only.
    """

    plot: Annotated[str, Field(pattern=r"^[a-z_]+$")]
    category: str
    metrics: MetricsStore | None = None
    dataset: str | None = None
    datasets: tuple[str, ...] = ()
    kind: Literal["parametric", "nonparametric"] | None = None
    measures: tuple[MeasureName, ...] = ()
    group: Literal["generative", "discriminative"] | None = None
    example_image: Literal["stimulus", "ambiguous_images"] | None = None
    families: tuple[FamilyName, ...] = ()
    only_first: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.metrics is None) == (self.example_image is None):
            raise ValueError("expected either metrics or example_image")
        if bool(self.example_image) != bool(self.families):
            raise ValueError("expected families together with example_image, and only there")
        if sum(map(bool, (self.dataset, self.datasets, self.kind))) > 1:
            raise ValueError("expected only one of dataset, datasets and kind")
        return self

    @property
    def needs(self) -> str:
        """What a study must have for the figure, in words; "" for nothing."""
        if self.example_image:
            return (
                f"example_images.{self.example_image} and a {' or '.join(self.families)} model that reconstructs images"
            )
        if self.kind:
            return f"a {self.kind} dataset"
        return self.dataset or " or ".join(self.datasets)

    def shows(self, dataset: str, kind: str) -> bool:
        """Whether the figure shows a dataset that a study has.

        Parameters
        ----------
        dataset, kind : str
            The dataset's name and its kind.
        """
        return dataset == self.dataset or dataset in self.datasets or kind == self.kind


class Table(_Row):
    """A table of the benchmark.

    Attributes
    ----------
    measures : tuple of str
        Its columns, keys of `measures.MEASURES`.
    rank : {"mean_rank", "accuracy_rank"}
        Its last column, by which the rows are sorted.
    """

    measures: Annotated[tuple[MeasureName, ...], Field(min_length=1)]
    rank: Literal["mean_rank", "accuracy_rank"]


class FiguresAndTables(_Row):
    """All figures and tables by name, in their order."""

    figures: dict[Annotated[str, Field(pattern=r"^figure_\d\d$")], Figure]
    tables: dict[Annotated[str, Field(pattern=r"^table_\d+$")], Table]


@cache
def load_figures(root: Path = ROOT) -> FiguresAndTables:
    """Read `registry/figures.yaml`.

    Parameters
    ----------
    root : Path
        The project's root.

    Raises
    ------
    InputError
        Names the file, the key and what was expected.

    Examples
    --------
    >>> figure = load_figures().figures["figure_14"]
    >>> figure.plot, figure.dataset
    ('error_consistency', 'sketch')
    """
    try:
        return FiguresAndTables.model_validate(yaml.safe_load((root / FILE).read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(f"{FILE}: {place}: {first['msg']}") from None
