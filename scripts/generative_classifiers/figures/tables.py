"""The tables of the benchmark, of measured and published observers: exact as CSV, rounded in Markdown and LaTeX."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import xarray as xr

from generative_classifiers.figures.plot_styles import with_values
from generative_classifiers.io.atomic import atomic_write
from generative_classifiers.study.measures import ARROWS, MEASURES

# The headings of columns in Markdown and LaTeX.
HEADINGS = {name: measure.label + ARROWS[measure.better] for name, measure in MEASURES.items()} | {
    "label": "Model",
    "mean_rank": "Mean rank" + ARROWS["lower"],
    "accuracy_rank": "Rank" + ARROWS["lower"],
    "datasets": "Datasets",
    "source": "Source",
}
TEXT = ("label", "source")
LATEX_ARROWS = {"↑": r"$\uparrow$", "↓": r"$\downarrow$"}


def benchmark_table(ranking: xr.Dataset, styles: pd.DataFrame, measures: Sequence[str], rank: str) -> pd.DataFrame:
    """The rows of a table: the reference group, the models by rank, and then those without a rank.

    Parameters
    ----------
    ranking : xarray.Dataset
        The benchmark of all observers (observer), with intervals (observer, bound).
    styles : pandas.DataFrame
        The `plot_styles` of its observers.
    measures : sequence of str
        The measures to show, keys of `MEASURES`.
    rank : {"mean_rank", "accuracy_rank"}
        The rank to show and to sort by.

    Returns
    -------
    pandas.DataFrame
        observer, label, family, source, datasets, each measure with `_lower` and `_upper`, the ends of its interval,
        and the rank.
    """
    table = styles[["label", "family", "source", "is_reference"]].assign(datasets=ranking["datasets"].to_series())
    for measure in measures:
        table = with_values(table, ranking, measure)
    table[rank] = ranking[rank].to_series()
    table = table.sort_values(["is_reference", rank], ascending=[False, True], kind="stable")
    return table.drop(columns="is_reference").rename_axis("observer").reset_index()


def rounded(table: pd.DataFrame, measures: Sequence[str], rank: str) -> pd.DataFrame:
    """The columns that people read, all as text, under their headings. Measures and ranks have three decimals.

    Parameters
    ----------
    table : pandas.DataFrame
        As `benchmark_table` returns it.
    measures, rank
        As for `benchmark_table`.

    Returns
    -------
    pandas.DataFrame
    """
    numbers = {name: table[name].map("{:.3f}".format, na_action="ignore").fillna("") for name in (*measures, rank)}
    datasets = table["datasets"].map("{:d}".format)
    columns = {"label": table["label"], **numbers, "datasets": datasets, "source": table["source"]}
    return pd.DataFrame(columns).rename(columns=HEADINGS)


def markdown(table: pd.DataFrame) -> str:
    """A table of text in Markdown.

    Parameters
    ----------
    table : pandas.DataFrame
        As `rounded` returns it.

    Returns
    -------
    str
    """
    escaped = table.map(lambda text: text.replace("|", r"\|"))
    return escaped.to_markdown(index=False, colalign=_alignment(table), disable_numparse=True) + "\n"


def latex(table: pd.DataFrame) -> str:
    """A table of text as a LaTeX `tabular`, which needs the package booktabs.

    Parameters
    ----------
    table : pandas.DataFrame
        As `rounded` returns it.

    Returns
    -------
    str
    """
    styler = table.style.hide(axis="index").format(escape="latex").format_index(_latex_heading, axis=1)
    columns = "".join(side[0] for side in _alignment(table))
    return "% Needs \\usepackage{booktabs}.\n" + styler.to_latex(hrules=True, column_format=columns)


def _latex_heading(heading):
    for arrow, command in LATEX_ARROWS.items():
        heading = heading.replace(arrow, command)
    return heading


def _alignment(table):
    """The alignment of each column: text on the left, numbers on the right."""
    text = {HEADINGS[name] for name in TEXT}
    return ["left" if heading in text else "right" for heading in table]


def write_text(text: str, path: Path | str) -> None:
    """Write a text file. It is complete or absent.

    Parameters
    ----------
    text : str
    path : Path
    """
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")
