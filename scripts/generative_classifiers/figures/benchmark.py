"""The benchmark's summary as bars: how accurate, and how human-like, every observer is."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from generative_classifiers.decisions.published_numbers import PUBLISHED
from generative_classifiers.figures.plot_styles import FILLING, HOLLOW, NOT_MEASURED, family_entries, tint, with_values
from generative_classifiers.figures.style import ARROWS, DOUBLE, SINGLE, legend, paper, scale


class Measure(NamedTuple):
    """How a variable of the benchmark is drawn; `chance` is what guessing among 16 categories gives."""

    label: str
    better: str
    chance: float | None = None


MEASURES = {
    "ood_accuracy": Measure("OOD accuracy", "higher", 1 / 16),
    "accuracy_difference": Measure("Accuracy difference", "lower"),
    "observed_consistency": Measure("Observed consistency", "higher"),
    "error_consistency": Measure("Error consistency κ", "higher", 0.0),
}
# From so many bars on they are drawn as thin as their labels allow.
CROWD = 30


@paper()
def panels(ranking, rows):
    """All measures side by side, a row per observer: the reference group first, then models by their mean rank.

    Parameters
    ----------
    ranking : xarray.Dataset
        `datasets`, `mean_rank` and the measures (observer) with their intervals (observer, bound). Observers
        that lack some of the reference group's datasets are left out: their averages would not compare.
    rows : pandas.DataFrame
        Roster of it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    table = _complete(ranking, rows, "mean_rank", ascending=True)
    step, size = pitch(table)
    figure = Figure(figsize=(DOUBLE, 1.0 + step * len(table)))
    at = places(table)
    for ax, measure in zip(figure.subplots(1, len(MEASURES), sharey=True), MEASURES, strict=True):
        bars(ax, at, table, measure)
        for y, value in zip(at, table[measure], strict=True):
            text = f"{value:.3f}".replace("-", "\N{MINUS SIGN}")
            ax.text(1.04, y, text, transform=ax.get_yaxis_transform(), va="center", fontsize=size)
        ax.set_yticks(at, table["label"], fontsize=size)
        ax.set_ylim(max(at) + 0.6, min(at) - 0.6)
        ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        ax.xaxis.set_major_formatter("{x:g}")
        scale(ax, MEASURES[measure].label, MEASURES[measure].better)
    legend(figure, _entries(rows[rows.index.isin(table.index)]), columns=3)
    return figure


@paper()
def skyline(ranking, rows, measure):
    """One measure, a column per observer: the reference group first, then models from best to worst.

    Parameters
    ----------
    ranking : xarray.Dataset
        As for `panels`.
    rows : pandas.DataFrame
        Roster of it.
    measure : str
        Key of `MEASURES`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    label, better, _ = MEASURES[measure]
    table = _complete(ranking, rows, measure, ascending=better == "lower")
    crowded = len(table) > CROWD
    figure = Figure(figsize=(DOUBLE if crowded else max(SINGLE, 0.8 + 0.24 * len(table)), 3.4))
    ax = figure.add_subplot()
    at = places(table)
    bars(ax, at, table, measure, upright=True)
    slant = {"rotation": 90} if crowded else {"rotation": 30, "ha": "right", "rotation_mode": "anchor"}
    ax.set_xticks(at, table["label"], fontsize=5.3 if crowded else 6.5, **slant)
    ax.set_xlim(min(at) - 0.8, max(at) + 0.8)
    ax.yaxis.set_major_formatter("{x:g}")
    ax.set_ylabel(label + ARROWS[better])
    ax.grid(axis="y")
    ax.tick_params(axis="x", length=0, pad=1)
    legend(figure, _entries(rows[rows.index.isin(table.index)]), columns=3 if crowded else 2)
    return figure


def _complete(ranking, rows, key, ascending):
    """Roster and values of the observers with all datasets, in the order of the bars."""
    table = rows.assign(datasets=ranking["datasets"].to_series(), mean_rank=ranking["mean_rank"].to_series())
    for measure in MEASURES:
        table = with_values(table, ranking, measure)
    table = table[table["datasets"] == table["datasets"].max()]
    return table.sort_values(["is_reference", key], ascending=[False, ascending], kind="stable")


def _entries(rows):
    hollow = Patch(facecolor=tint(HOLLOW, FILLING), edgecolor=HOLLOW, label=NOT_MEASURED)
    return family_entries(rows) + [hollow] * (PUBLISHED in rows["source"].values)


def pitch(table):
    """Inches from row to row of as many bars, and the size of their labels."""
    return (0.118, 5.8) if len(table) > CROWD else (0.15, 6.5)


def places(table):
    """Where the bars are: the reference group stands a little apart."""
    return np.arange(len(table)) - 0.4 * table["is_reference"].values


def bars(ax, at, table, measure, upright=False):
    """A bar per observer with its interval, and the reference group's value as a line through all of them.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    at : numpy.ndarray
        Where the bars are.
    table : pandas.DataFrame
        Roster in the order of the bars, with the measure, `_lower` and `_upper` as columns. What is as
        published is hollow and has no interval.
    measure : str
        Key of `MEASURES`.
    upright : bool
        Whether bars are columns instead of rows.
    """
    draw, across, whiskers = (ax.bar, ax.axhline, ax.vlines) if upright else (ax.barh, ax.axvline, ax.hlines)
    hollow = table["source"] == PUBLISHED
    filling = [tint(colour, FILLING * empty) for colour, empty in zip(table["colour"], hollow, strict=True)]
    draw(at, table[measure], 0.72, color=filling, edgecolor=table["colour"], linewidth=0.6)
    whiskers(at, table[f"{measure}_lower"], table[f"{measure}_upper"], color="black", linewidth=0.8, zorder=4)
    for _, row in table[table["is_reference"]].iterrows():
        across(row[measure], color=row["colour"], linewidth=0.8, linestyle="--", zorder=3)
    if MEASURES[measure].chance is not None:
        across(MEASURES[measure].chance, color="black", linewidth=0.8, linestyle=":", zorder=3)
