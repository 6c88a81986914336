"""`registry/figures.yaml`: which figure and table of the paper is which plot, and of what."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from generative_classifiers.io.paths import ROOT
from generative_classifiers.study.datasets import Dataset, DatasetName
from generative_classifiers.study.families import FAMILIES
from generative_classifiers.study.measures import MEASURES
from generative_classifiers.study.validation import Items, Strict, Text, form, missing, read, unknown, wrong

FILE = "registry/figures.yaml"

FigureName = form(r"^figure_(\d\d|S\d)$", "a name such as figure_01 or figure_S1")
TableName = form(r"^table_\d+$", "a name such as table_1")
PlotName = form(r"^[a-z]+(_[a-z]+)*$", "the name of a plot, of lower-case letters and underscores")
MetricsStore = Literal[
    "accuracy", "benchmark", "comparisons", "conditions", "consistency", "ranking", "shape_bias",
    "noise_levels", "weightings", "draw_numbers", "spent_evaluations", "views", "channels", "worlds",
    "dose_response", "matched_models",
]  # fmt: skip

LAB = {
    "losses": "a diffusion model with all draws of every category on it, at evenly spread levels: evidence.exhaustive",
    "views": "views",
    "trainings": "trainings with compared_with, or trained_by",
    "matched": "matched, or trained_by",
    "compared": "compared, two of its observers",
}


def _check_names(key: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Raise an error about a key that lists an unknown name."""
    known = list(known)
    for name in names:
        if name not in known:
            raise wrong(key, unknown(name, known))


class Figure(Strict):
    """A plot, and what it shows. A study that lacks what it needs does without the figure."""

    plot: PlotName = Field(description="Its script is scripts/plot_<plot>.py.")
    category: Text = Field(description="The heading under which the report lists it.")
    metrics: MetricsStore | None = Field(None, description="The store in data/<study>/metrics that it shows.")
    dataset: DatasetName | None = Field(None, description="The dataset that it shows, and that a study needs for it.")
    datasets: Items[DatasetName] = Field((), description="Datasets that it shows. A study needs at least one of them.")
    kind: Literal["parametric", "nonparametric"] | None = Field(
        None, description="It shows all of a study's datasets of this kind. A study needs at least one."
    )
    measures: Items[str] = Field((), description="The variables that it shows, where the plot leaves a choice.")
    group: Literal["generative", "discriminative", "language"] | None = Field(
        None, description="It shows only the models of this group of families, next to the reference group."
    )
    lab: Literal["losses", "views", "compared", "datasets", "trainings", "matched"] | None = Field(
        None,
        description="Whether it is a figure of the lab, and what a study needs for it: losses of all categories at all "
        "draws of cue-conflict, views, two observers to compare, all datasets that it shows instead of one, or "
        "networks that a study trains. Only studies that name it draw it.",
    )
    example_image: Literal["stimulus", "ambiguous_images"] | None = Field(
        None, description="Instead of metrics, it shows reconstructions of these images of a study."
    )
    families: Items[str] = Field((), description="The families of the observers whose reconstructions it shows.")
    only_first: bool = Field(False, description="Whether it shows only the first of these observers.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.metrics is None) == (self.example_image is None):
            raise wrong("metrics", "expected either this key or example_image")
        if self.example_image and not self.families:
            raise missing("families", "example_image needs it")
        _check_names("families", self.families, FAMILIES)
        _check_names("measures", self.measures, ["accuracy", *MEASURES])
        if sum(map(bool, (self.dataset, self.datasets, self.kind))) > 1:
            raise wrong("dataset", "expected only one of dataset, datasets and kind")
        return self

    @property
    def needs(self) -> str:
        """What a study must have for the figure, in words; "" for nothing."""
        if self.example_image:
            families = " or ".join(self.families)
            return f"example_images.{self.example_image} and a {families} model that reconstructs images"
        if self.lab == "datasets":
            return " and ".join(self.datasets)
        if self.lab:
            return f"{self.dataset} and {LAB[self.lab]}"
        if self.kind:
            return f"a {self.kind} dataset"
        return self.dataset or " or ".join(self.datasets)

    def shows(self, dataset: str, row: Dataset) -> bool:
        """Whether the figure shows a dataset that a study has. Those of a kind are the benchmark's.

        Parameters
        ----------
        dataset : str
            The dataset's name.
        row : Dataset
        """
        return dataset == self.dataset or dataset in self.datasets or (row.in_benchmark and row.kind == self.kind)


class Table(Strict):
    """A table of the benchmark."""

    measures: Items[str] = Field(min_length=1, description="Its columns.")
    rank: Literal["mean_rank", "accuracy_rank"] = Field(description="Its last column, by which the rows are sorted.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_names("measures", self.measures, MEASURES)
        return self


class FiguresAndTables(Strict):
    """The content of `registry/figures.yaml`: all figures and tables by name, in their order."""

    figures: dict[FigureName, Figure]
    tables: dict[TableName, Table]


@cache
def load_figures(root: Path = ROOT) -> FiguresAndTables:
    """Read `registry/figures.yaml`.

    Parameters
    ----------
    root : Path, optional
        The project's root.

    Returns
    -------
    FiguresAndTables

    Raises
    ------
    InputError
        That names the file, the line, the key, and what was expected.

    Examples
    --------
    >>> figure = load_figures().figures["figure_14"]
    >>> figure.plot, figure.dataset
    ('error_consistency', 'sketch')
    """
    found: FiguresAndTables = read(root / FILE, root, FiguresAndTables)
    return found
