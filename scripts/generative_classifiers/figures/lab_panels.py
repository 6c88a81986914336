"""What figures of the lab share: panels of measures or of observers, curves of models, lines of the reference group."""

from typing import Any

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from generative_classifiers.figures.condition_curves import STRONG, line_styles
from generative_classifiers.figures.observer_colours import shade_families
from generative_classifiers.figures.style import DOUBLE, SINGLE
from generative_classifiers.study.measures import MEASURES

LABELS = {name: measure.axis_label for name, measure in MEASURES.items()} | {
    "shape_bias": "Shape bias",
    "accuracy": "Accuracy",
}
CUE_CONFLICT_MEASURES = "shape_bias", "accuracy", "error_consistency"
PANEL = 1.9  # inches
COLUMNS = 3
BAND: dict[str, Any] = {"alpha": 0.15, "linewidth": 0}


def split_styles(styles: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lines of the models, and that of the reference group if it is there.

    Parameters
    ----------
    styles : pandas.DataFrame
        As `plot_styles` returns it.
    """
    lines = line_styles(shade_families(styles))
    return lines[~lines["is_reference"]], lines[lines["is_reference"]]


def measure_panels(measures: list[str], columns: int = 1) -> tuple[Figure, list[list[Axes]]]:
    """A row of panels with one measure each; or, with several columns, a row of panels for each measure.

    Returns
    -------
    figure : matplotlib.figure.Figure
    panels : list of list of matplotlib.axes.Axes
        By measure and column.
    """
    stacked = columns > 1
    rows = len(measures) if stacked else 1
    figure = Figure(figsize=(DOUBLE, 0.6 + PANEL * rows))
    shape = (rows, columns) if stacked else (1, len(measures))
    axes = figure.subplots(*shape, sharey="row" if stacked else False, squeeze=False)
    panels = axes.tolist() if stacked else [[ax] for ax in axes[0]]
    for measure, row in zip(measures, panels, strict=True):
        row[0].set_ylabel(LABELS[measure])
        for ax in row:
            ax.grid(axis="y")
    return figure, panels


def of_measures(found: xr.Dataset, styles: pd.DataFrame, **place) -> tuple[Figure, dict[str, Axes], pd.DataFrame, list]:
    """A panel for each measure on cue conflicts, with a line for the reference group.

    Parameters
    ----------
    found : xarray.Dataset
        With `<measure>` and `<measure>_interval` of every observer.
    styles : pandas.DataFrame
        The `plot_styles` of its observers.
    **place
        Where on the other dimension the reference group's values are.

    Returns
    -------
    figure : matplotlib.figure.Figure
    panels : dict of str to matplotlib.axes.Axes
        By measure.
    models : pandas.DataFrame
        Lines of the models.
    handles : list of matplotlib.artist.Artist
        For a legend.
    """
    figure, rows = measure_panels(list(CUE_CONFLICT_MEASURES))
    panels = dict(zip(CUE_CONFLICT_MEASURES, (row[0] for row in rows), strict=True))
    models, group = split_styles(styles)
    for measure, ax in panels.items():
        for row in group.itertuples():
            one = found.sel(observer=row.Index, **place)
            reference_line(ax, one[measure], one[f"{measure}_interval"], row)
    return figure, panels, models, entries(models, group)


def observer_panels(styles: pd.DataFrame, value: str) -> tuple[Figure, list[Axes]]:
    """A panel for each observer, all with the same value axis.

    Parameters
    ----------
    styles : pandas.DataFrame
        As `plot_styles` returns it.
    value : str
        The label of the value axis.
    """
    columns = min(COLUMNS, len(styles))
    rows = -(-len(styles) // columns)
    figure = Figure(figsize=(max(SINGLE, DOUBLE * columns / COLUMNS), 0.6 + (PANEL + 0.5) * rows))
    axes = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for ax in axes[len(styles) :]:
        ax.remove()
    panels = axes[: len(styles)].tolist()
    for ax, label in zip(panels, styles["label"], strict=True):
        ax.set_title(label)
        ax.grid(axis="y")
    for ax in panels[::columns]:
        ax.set_ylabel(value)
    return figure, panels


def curve(ax: Axes, x, estimate: xr.DataArray, bounds: xr.DataArray, row) -> None:
    """An observer's curve with a band of intervals; `bounds` has the dimension bound."""
    ax.plot(x, estimate.values, **strong(row))
    ax.fill_between(x, *bounds.transpose("bound", ...).values, color=row.colour, zorder=3, **BAND)


def markers(ax: Axes, x, estimate: xr.DataArray, bounds: xr.DataArray, row) -> None:
    """Single values of an observer with error bars."""
    ax.vlines(x, *bounds.transpose("bound", ...).values, color=row.colour, linewidth=0.8)
    ax.plot(x, estimate.values, **strong(row) | {"linestyle": "none"})


def reference_line(ax: Axes, estimate: xr.DataArray, bounds: xr.DataArray, row) -> None:
    """The value of the reference group and its interval, across the whole panel."""
    ax.axhline(estimate.item(), color=row.colour, linewidth=1)
    ax.axhspan(*bounds.values, color=row.colour, **BAND)


def strong(row) -> dict[str, Any]:
    """How the line of an observer is drawn."""
    return {"color": row.colour, "linestyle": row.stroke, "marker": row.marker, **STRONG}


def entries(models: pd.DataFrame, group: pd.DataFrame) -> list[Line2D]:
    """The entries of a legend."""
    lines = [Line2D([], [], color=row.colour, linewidth=1, label=row.label) for row in group.itertuples()]
    return lines + [Line2D([], [], label=row.label, **strong(row)) for row in models.itertuples()]
