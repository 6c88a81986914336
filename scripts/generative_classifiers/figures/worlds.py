"""S9: the shape bias over the contrast and the period of the texture."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from generative_classifiers.figures.lab_panels import LABELS, PANEL, curve, entries, split_styles
from generative_classifiers.figures.style import DOUBLE, LINE, legend, paper

INK = "#111111"  # of the difference, which belongs to no observer


@paper()
def world_curves(worlds: xr.Dataset, styles: pd.DataFrame, labels: Mapping[str, str]) -> Figure:
    """The shape bias of every observer, and the difference of two, over the contrast: a column for each period.

    Parameters
    ----------
    worlds : xarray.Dataset
        As `metrics.lab.worlds` returns it.
    styles : pandas.DataFrame
        The `plot_styles` of its observers.
    labels : dict of str to str
        Labels of the compared observers.

    Returns
    -------
    matplotlib.figure.Figure
    """
    periods = np.unique(worlds["period"].values)
    figure = Figure(figsize=(DOUBLE, 0.7 + 2 * PANEL))
    panels = figure.subplots(2, len(periods), sharex=True, sharey="row", squeeze=False, height_ratios=(1.4, 1))
    models, group = split_styles(styles)
    for (above, below), period in zip(panels.T, periods, strict=True):
        column = worlds.isel(world=worlds["period"].values == period).sortby("contrast")
        contrast = column["contrast"].values
        for row in [*group.assign(stroke="-").itertuples(), *models.itertuples()]:
            one = column.sel(observer=row.Index)
            curve(above, contrast, one["shape_bias"], one["shape_bias_interval"], row)
        _differences(below, contrast, column)
        above.set_title(f"period × {period:g}")  # noqa: RUF001
        below.set_xticks(contrast, [f"{value:g}" for value in contrast])
        below.set_xlabel("Contrast of the texture")
        for ax in (above, below):
            ax.grid(axis="y")
    panels[0, 0].set_ylabel(LABELS["shape_bias"])
    panels[0, 0].set_ylim(0, 1)
    first, second = (labels.get(worlds.attrs[name], worlds.attrs[name]) for name in ("first", "second"))
    panels[1, 0].set_ylabel(f"{first}\nminus {second}")
    legend(figure, entries(models, group))
    return figure


def _differences(ax, contrast, column):
    """Differences with their intervals; filled where these exclude 0."""
    bounds = column["difference_interval"].transpose("bound", "world").values
    excludes = (bounds[0] > 0) | (bounds[1] < 0)
    ax.axhline(0, color=LINE, linewidth=0.6)
    ax.vlines(contrast, *bounds, color=INK, linewidth=0.8)
    ax.plot(contrast, column["difference"].values, color=INK, linewidth=0.6)
    for chosen, fill in ((excludes, INK), (~excludes, "white")):
        points = {
            "color": INK,
            "marker": "o",
            "linestyle": "none",
            "markersize": 4,
            "markerfacecolor": fill,
            "zorder": 4,
        }
        ax.plot(contrast[chosen], column["difference"].values[chosen], **points)
