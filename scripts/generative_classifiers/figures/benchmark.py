"""The benchmark's averages as bars: how accurate every observer is, and how human-like."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from generative_classifiers.decisions.published_numbers import PUBLISHED
from generative_classifiers.figures.observer_colours import FILLING, HOLLOW, NOT_MEASURED, family_entries, tint
from generative_classifiers.figures.plot_styles import with_values
from generative_classifiers.figures.style import DOUBLE, SINGLE, label_value_axis, legend, paper, row_step
from generative_classifiers.study.measures import ARROWS, MEASURES

# More columns than this have no room for their labels: they become rows.
MANY_BARS = 30


@paper()
def benchmark_panels(ranking: xr.Dataset, styles: pd.DataFrame) -> Figure:
    """All measures side by side, with one row per observer: the reference group, then the models by their mean rank.

    Parameters
    ----------
    ranking : xarray.Dataset
        `datasets`, `mean_rank` and the measures (observer) with their intervals (observer, bound). Observers that lack
        some of the reference group's datasets are left out, because their averages are over other datasets.
    styles : pandas.DataFrame
        The `plot_styles` of its observers.

    Returns
    -------
    matplotlib.figure.Figure
    """
    table = _complete_observers(ranking, styles, "mean_rank", ascending=True)
    step, size = row_step(len(table))
    figure = Figure(figsize=(DOUBLE, 1.0 + step * len(table)))
    positions = bar_positions(table)
    for ax, (name, measure) in zip(figure.subplots(1, len(MEASURES), sharey=True), MEASURES.items(), strict=True):
        bars(ax, positions, table, name)
        for y, value in zip(positions, table[name], strict=True):
            text = f"{value:.3f}".replace("-", "\N{MINUS SIGN}")
            ax.text(1.04, y, text, transform=ax.get_yaxis_transform(), va="center", fontsize=size)
        ax.set_yticks(positions, table["label"], fontsize=size)
        ax.set_ylim(max(positions) + 0.6, min(positions) - 0.6)
        ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        ax.xaxis.set_major_formatter("{x:g}")
        label_value_axis(ax, measure.axis_label, measure.better)
    legend(figure, _legend_entries(styles[styles.index.isin(table.index)]), columns=3)
    return figure


@paper()
def benchmark_bars(ranking: xr.Dataset, styles: pd.DataFrame, name: str) -> Figure:
    """One measure, with one bar per observer: the reference group, then the models from best to worst.

    Few bars are columns. Many are rows, in two panels next to each other.

    Parameters
    ----------
    ranking : xarray.Dataset
        As for `benchmark_panels`.
    styles : pandas.DataFrame
        The `plot_styles` of its observers.
    name : str
        The measure, a key of `MEASURES`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    measure = MEASURES[name]
    table = _complete_observers(ranking, styles, name, ascending=measure.better == "lower")
    draw = _rows if len(table) > MANY_BARS else _columns
    figure = draw(table, name)
    legend(figure, _legend_entries(styles[styles.index.isin(table.index)]), columns=3)
    return figure


def _columns(table, name):
    """One panel of columns."""
    measure, positions = MEASURES[name], bar_positions(table)
    figure = Figure(figsize=(max(SINGLE, 0.8 + 0.24 * len(table)), 3.4))
    ax = figure.add_subplot()
    bars(ax, positions, table, name, upright=True)
    ax.set_xticks(positions, table["label"], rotation=30, ha="right", rotation_mode="anchor")
    ax.set_xlim(min(positions) - 0.8, max(positions) + 0.8)
    ax.yaxis.set_major_formatter("{x:g}")
    ax.set_ylabel(measure.axis_label + ARROWS[measure.better])
    ax.grid(axis="y")
    ax.tick_params(axis="x", length=0, pad=1)
    return figure


def _rows(table, name):
    """Two panels of rows, the better half on the left."""
    measure, half = MEASURES[name], -(-len(table) // 2)
    step, size = row_step(half)
    figure = Figure(figsize=(DOUBLE, 1.0 + step * half))
    for ax, part in zip(figure.subplots(1, 2, sharex=True), (table[:half], table[half:]), strict=True):
        positions = bar_positions(part)
        bars(ax, positions, part, name, reference=table[table["is_reference"]])
        ax.set_yticks(positions, part["label"], fontsize=size)
        ax.set_ylim(half - 0.4, -1)
        ax.xaxis.set_major_formatter("{x:g}")
        label_value_axis(ax, measure.axis_label, measure.better)
    return figure


def _complete_observers(ranking, styles, key, ascending):
    """Styles and values of the observers with all datasets, in the order of the bars."""
    table = styles.assign(datasets=ranking["datasets"].to_series(), mean_rank=ranking["mean_rank"].to_series())
    for name in MEASURES:
        table = with_values(table, ranking, name)
    table = table[table["datasets"] == table["datasets"].max()]
    return table.sort_values(["is_reference", key], ascending=[False, ascending], kind="stable")


def _legend_entries(styles):
    hollow = Patch(facecolor=tint(HOLLOW, FILLING), edgecolor=HOLLOW, label=NOT_MEASURED)
    return family_entries(styles) + [hollow] * (PUBLISHED in styles["source"].values)


def bar_positions(table: pd.DataFrame) -> np.ndarray:
    """The positions of the bars. The reference group stands a little apart."""
    return np.arange(len(table)) - 0.4 * table["is_reference"].values


def bars(
    ax: Axes,
    positions: np.ndarray,
    table: pd.DataFrame,
    name: str,
    upright: bool = False,
    reference: pd.DataFrame | None = None,
) -> None:
    """A bar per observer with its interval. The value of the reference group is a dashed line through all of them.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    positions : numpy.ndarray
        Of the bars.
    table : pandas.DataFrame
        Plot styles in the order of the bars, with the columns `<name>`, `<name>_lower` and `<name>_upper`. Published
        values are hollow and have no interval.
    name : str
        The measure, a key of `MEASURES`.
    upright : bool
        Whether the bars are columns instead of rows.
    reference : pandas.DataFrame, optional
        The reference group, if it is not in the table.
    """
    functions: tuple[Callable, ...] = (ax.bar, ax.axhline, ax.vlines) if upright else (ax.barh, ax.axvline, ax.hlines)
    plot_bars, plot_line, plot_intervals = functions
    is_hollow = table["source"] == PUBLISHED
    fillings = [tint(colour, FILLING * hollow) for colour, hollow in zip(table["colour"], is_hollow, strict=True)]
    plot_bars(positions, table[name], 0.72, color=fillings, edgecolor=table["colour"], linewidth=0.6)
    plot_intervals(positions, table[f"{name}_lower"], table[f"{name}_upper"], color="black", linewidth=0.8, zorder=4)
    for _, row in (table[table["is_reference"]] if reference is None else reference).iterrows():
        plot_line(row[name], color=row["colour"], linewidth=0.8, linestyle="--", zorder=3)
    chance = MEASURES[name].chance
    if chance is not None:
        plot_line(chance, color="black", linewidth=0.8, linestyle=":", zorder=3)
