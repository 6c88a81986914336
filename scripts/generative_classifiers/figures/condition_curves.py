"""How accuracy and error consistency change with the strength of a distortion: panels for every dataset."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from generative_classifiers.figures.plot_styles import MANY
from generative_classifiers.figures.style import DOUBLE, LINE, legend, paper
from generative_classifiers.io.errors import InputError


class Measure(NamedTuple):
    """How a variable of the conditions is drawn; `chance` is what guessing among 16 categories gives."""

    label: str
    chance: float
    limits: tuple | None = None


MEASURES = {
    "accuracy": Measure("Accuracy", 1 / 16, (-0.03, 1.03)),
    "error_consistency": Measure("Error consistency κ", 0.0),
}
# Datasets beside each other, and the height of a panel in inches.
COLUMNS, HEIGHT = 4, 1.3
# Behind the conditions that the benchmark leaves out.
LEFT_OUT = "#F0F0F0"
# Members of a family differ in stroke; those that stand out of a crowd of the same colour are nearly black.
STROKES, STANDING_OUT = ("-", "--", ":", "-.", (0, (6, 1, 1, 1, 1, 1))), "#222222"
# A line of a crowd, and a line of one's own.
CROWD = {"linewidth": 0.5, "alpha": 0.7, "zorder": 2}
OWN = {"markersize": 3, "markeredgecolor": "white", "markeredgewidth": 0.3, "zorder": 4}


@paper()
def curves(conditions, rows, datasets, measures=("accuracy",), highlights=()):
    """Lines over the conditions of every dataset, with bands of 95 % intervals.

    Parameters
    ----------
    conditions : xarray.Dataset
        The measures (observer, cell) and their `<measure>_interval` (observer, cell, bound).
    rows : pandas.DataFrame
        Roster of the observers to draw; who saw none of the datasets is left out.
    datasets : dict of str to dict
        Those to draw: `label`, `axis` and, if the axis is to call the conditions by other names, `ticks`.
    measures : sequence of str
        Keys of `MEASURES`, below each other.
    highlights : sequence of str
        Who stands out of a family of many, whose other members are thin lines without bands.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is no dataset.
    """
    if not datasets:
        raise InputError("no dataset to draw, expected a parametric one")
    conditions = conditions.isel(cell=np.isin(conditions["dataset"], list(datasets)))
    seen = conditions["accuracy"].notnull().any("cell").to_series()
    rows = styled(rows[seen[rows.index]], highlights)
    figure, panels = _grid(len(datasets), [MEASURES[measure] for measure in measures])
    for column, (dataset, about) in zip(panels, datasets.items(), strict=True):
        cells = conditions.isel(cell=conditions["dataset"].values == dataset)
        for ax, measure in zip(column, measures, strict=True):
            _lines(ax, cells[measure], cells[f"{measure}_interval"], rows)
            _mark(ax, MEASURES[measure].chance, cells["in_benchmark"].values)
            ax.set_xticks(range(cells.sizes["cell"]), [])
        column[0].set_title(about["label"])
        column[-1].set_xticklabels(about.get("ticks", cells["condition"].values))
        column[-1].set_xlabel(about["axis"])
    legend(figure, _entries(rows), columns=4)
    return figure


def styled(rows, highlights):
    """Give every observer a line: one of its own, or a line of a crowd.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `plot_styles` returns it.
    highlights : sequence of str
        Who stands out of a family of more than `MANY`.

    Returns
    -------
    pandas.DataFrame
        The same with `own`, whether the line is the observer's own, its `stroke`, and its colour if it stands out.
    """
    many = rows.groupby("family")["label"].transform("size") > MANY
    rows = rows.assign(own=~many | rows.index.isin(highlights))
    rows["stroke"] = [STROKES[turn % len(STROKES)] for turn in rows.groupby(["family", "own"]).cumcount()]
    rows.loc[many & rows["own"], "colour"] = STANDING_OUT
    return rows


def _grid(datasets, measures):
    """A figure, and for every dataset the panels of its measures, top down; a measure has one scale in all."""
    columns, tall = min(COLUMNS, datasets), -(-datasets // COLUMNS)
    figure = Figure(figsize=(DOUBLE * columns / COLUMNS, 0.5 + HEIGHT * tall * len(measures)))
    axes = figure.subplots(tall * len(measures), columns, squeeze=False)
    # From (row of datasets, measure, column) to (dataset, measure).
    panels = axes.reshape(tall, len(measures), columns).swapaxes(1, 2).reshape(-1, len(measures))
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


def _lines(ax, estimates, intervals, rows):
    """The observers' lines in a panel; the first of the roster lies on top."""
    x, rows = np.arange(estimates.sizes["cell"]), rows[::-1]
    estimates = estimates.sel(observer=rows.index).transpose("observer", "cell").values
    intervals = intervals.sel(observer=rows.index).transpose("observer", "bound", "cell").values
    for y, bounds, row in zip(estimates, intervals, rows.itertuples(), strict=True):
        if row.own:
            ax.fill_between(x, *bounds, color=row.colour, alpha=0.15, linewidth=0, zorder=3)
            ax.plot(x, y, **_look(row))
        else:
            ax.plot(x, y, color=row.colour, **CROWD)


def _look(row):
    """A line of one's own."""
    return {"color": row.colour, "linestyle": row.stroke, "marker": row.marker, **OWN}


def _mark(ax, chance, in_benchmark):
    """Chance, and the conditions that the benchmark leaves out."""
    ax.axhline(chance, color=LINE, linewidth=0.6, linestyle=":", zorder=1)
    ax.set_xlim(-0.5, len(in_benchmark) - 0.5)
    for i in np.flatnonzero(~in_benchmark):
        ax.axvspan(i - 0.5, i + 0.5, color=LEFT_OUT, linewidth=0, zorder=0)


def _entries(rows):
    """One entry of the legend per line of one's own, one per crowd, and what lies behind the lines."""
    entries = [Line2D([], [], label=row.label, **_look(row)) for row in rows[rows["own"]].itertuples()]
    for label, members in rows[~rows["own"]].groupby("family_label", sort=False):
        text = f"{label}, {len(members)} observers"
        entries.append(Line2D([], [], color=members["colour"].iloc[0], label=text, **CROWD))
    chance = Line2D([], [], color=LINE, linewidth=0.6, linestyle=":", label="chance")
    return [*entries, chance, Patch(color=LEFT_OUT, label="not in the benchmark")]
