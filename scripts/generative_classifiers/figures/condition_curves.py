"""How accuracy and error consistency change with the strength of a distortion: curves over a dataset's conditions."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from generative_classifiers.figures.plot_styles import faint_families, mark_faint
from generative_classifiers.figures.style import DOUBLE, LINE, legend, paper
from generative_classifiers.io.errors import InputError
from generative_classifiers.study.measures import MEASURES


class Panel(NamedTuple):
    """How a panel shows a variable of the conditions. `chance` is the value of an observer that guesses."""

    label: str
    chance: float | None
    limits: tuple[float, float] | None = None


PANELS = {
    "accuracy": Panel("Accuracy", MEASURES["ood_accuracy"].chance, (-0.03, 1.03)),
    "error_consistency": Panel(MEASURES["error_consistency"].axis_label, MEASURES["error_consistency"].chance),
}
# How many datasets stand side by side, and the height of a panel in inches.
COLUMNS, HEIGHT = 4, 1.3
# The background of conditions that the benchmark leaves out.
LEFT_OUT = "#F0F0F0"
# Observers of the same colour have different strokes. Highlighted observers of a large family are nearly black.
STROKES, HIGHLIGHT = ("-", "--", ":", "-.", (0, (6, 1, 1, 1, 1, 1))), "#222222"
# The faint line of an observer of a large family, and the line of any other observer.
FAINT = {"linewidth": 0.5, "alpha": 0.7, "zorder": 2}
STRONG = {"markersize": 3, "markeredgecolor": "white", "markeredgewidth": 0.3, "zorder": 4}


@paper()
def condition_curves(
    conditions: xr.Dataset,
    styles: pd.DataFrame,
    datasets: Mapping[str, Mapping[str, Any]],
    measures: Sequence[str] = ("accuracy",),
) -> Figure:
    """Curves over the conditions of every dataset, with bands of 95 % intervals.

    Parameters
    ----------
    conditions : xarray.Dataset
        The measures (observer, cell) and their `<measure>_interval` (observer, cell, bound).
    styles : pandas.DataFrame
        The `plot_styles` of the observers to show. Observers that saw none of the datasets are left out.
    datasets : dict of str to dict
        The datasets to show, each with `label`, `axis` and `ticks`, the names of its conditions on the axis.
    measures : sequence of str
        Keys of `PANELS`, from top to bottom.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is no dataset.
    """
    if not datasets:
        raise InputError("no dataset to show, expected a parametric one")
    conditions = conditions.isel(cell=np.isin(conditions["dataset"], list(datasets)))
    seen = conditions["accuracy"].notnull().any("cell").to_series()
    styles = line_styles(styles[seen[styles.index]])
    figure, panels = _grid(len(datasets), [PANELS[measure] for measure in measures])
    for column, (dataset, axis) in zip(panels, datasets.items(), strict=True):
        cells = conditions.isel(cell=conditions["dataset"].values == dataset)
        for ax, measure in zip(column, measures, strict=True):
            _curves(ax, cells[measure], cells[f"{measure}_interval"], styles)
            _background(ax, PANELS[measure].chance, cells["in_benchmark"].values)
            ax.set_xticks(range(cells.sizes["cell"]), [])
        column[0].set_title(axis["label"])
        column[-1].set_xticklabels(axis["ticks"])
        column[-1].set_xlabel(axis["axis"])
    legend(figure, _legend_entries(styles), columns=4)
    return figure


def line_styles(styles: pd.DataFrame) -> pd.DataFrame:
    """Choose a line for every observer.

    Parameters
    ----------
    styles : pandas.DataFrame
        As `plot_styles` returns it.

    Returns
    -------
    pandas.DataFrame
        The same with the columns `faint`, whether the line is thin and without markers, `band`, whether it has a band,
        and `stroke`. Highlighted observers of a large family have another colour. Bands hide each other: where some
        observers are highlighted, only these and the reference group have one; where some are faint, only the group.
    """
    styles = mark_faint(styles)
    chosen = styles["highlighted"] | ~styles["highlighted"].any()
    styles["band"] = styles["is_reference"] | (chosen & ~styles["faint"].any())
    large = styles.groupby("family")["faint"].transform("any")
    numbers = styles.groupby(["family", "faint"]).cumcount()
    styles["stroke"] = [STROKES[number % len(STROKES)] for number in numbers]
    styles.loc[large & ~styles["faint"], "colour"] = HIGHLIGHT
    return styles


def _grid(datasets, measures):
    """A figure, and for every dataset the panels of its measures, from top to bottom. A measure has one scale."""
    columns, rows = min(COLUMNS, datasets), -(-datasets // COLUMNS)
    figure = Figure(figsize=(DOUBLE * columns / COLUMNS, 0.5 + HEIGHT * rows * len(measures)))
    axes = figure.subplots(rows * len(measures), columns, squeeze=False)
    # From (row of datasets, measure, column) to (dataset, measure).
    panels = axes.reshape(rows, len(measures), columns).swapaxes(1, 2).reshape(-1, len(measures))
    for ax in panels[datasets:].flat:
        ax.remove()
    panels = panels[:datasets]
    for first, *others, measure in zip(*panels, measures, strict=True):
        if measure.limits:
            first.set_ylim(measure.limits)
        for ax in others:
            ax.sharey(first)
    for i, column in enumerate(panels):
        for ax, measure in zip(column, measures, strict=True):
            ax.tick_params(axis="x", length=0)
            ax.grid(axis="y")
            if i % columns:
                ax.tick_params(labelleft=False)
            else:
                ax.set_ylabel(measure.label)
    return figure, panels


def _curves(ax, estimates, intervals, styles):
    """The observers' curves in a panel. The first observer lies on top."""
    styles = styles[::-1]
    x = np.arange(estimates.sizes["cell"])
    estimates = estimates.sel(observer=styles.index).transpose("observer", "cell").values
    intervals = intervals.sel(observer=styles.index).transpose("observer", "bound", "cell").values
    for y, bounds, row in zip(estimates, intervals, styles.itertuples(), strict=True):
        ax.plot(x, y, **(FAINT | {"color": row.colour} if row.faint else _strong_line(row)))
        if row.band:
            ax.fill_between(x, *bounds, color=row.colour, alpha=0.15, linewidth=0, zorder=3)


def _strong_line(row):
    return {"color": row.colour, "linestyle": row.stroke, "marker": row.marker, **STRONG}


def _background(ax, chance, in_benchmark):
    """Chance, and the conditions that the benchmark leaves out."""
    ax.axhline(chance, color=LINE, linewidth=0.6, linestyle=":", zorder=1)
    ax.set_xlim(-0.5, len(in_benchmark) - 0.5)
    for i in np.flatnonzero(~in_benchmark):
        ax.axvspan(i - 0.5, i + 0.5, color=LEFT_OUT, linewidth=0, zorder=0)


def _legend_entries(styles):
    """One entry per strong line, one for all faint lines of a family, and one for each element of the background."""
    strong = styles[~styles["faint"]]
    entries = [Line2D([], [], label=row.label, **_strong_line(row)) for row in strong.itertuples()]
    for text, members in faint_families(styles):
        entries.append(Line2D([], [], color=members["colour"].iloc[0], label=text, **FAINT))
    chance = Line2D([], [], color=LINE, linewidth=0.6, linestyle=":", label="chance")
    return [*entries, chance, Patch(color=LEFT_OUT, label="not in the benchmark")]
