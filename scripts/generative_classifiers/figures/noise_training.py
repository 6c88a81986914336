"""Shape bias of networks before and after training with diffusion noise, category by category."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from generative_classifiers.decisions.published_numbers import PUBLISHED
from generative_classifiers.figures.observer_colours import range_entries, range_line, shade_families
from generative_classifiers.figures.plot_styles import faint_families
from generative_classifiers.figures.shape_bias_matrix import NO_PREFERENCE
from generative_classifiers.figures.style import DOUBLE, LINE, legend, paper

# The colours of networks trained without and with noise, and the largest distance of a marker from its category's
# centre.
BEFORE, AFTER, OFFSET = "#666666", "black", 0.24
# The distance of the bars of ranges in units of a category.
RANGE_STEP = 0.12


@paper()
def noise_training(shape_bias: xr.Dataset, styles: pd.DataFrame, without_noise: Mapping[str, str]) -> Figure:
    """Markers for the categories, and horizontal lines for all of them together.

    Parameters
    ----------
    shape_bias : xarray.Dataset
        `shape_bias` (observer, category), `overall_shape_bias` (observer), and `<each>_interval` with the additional
        dimension bound. Published observers have only the overall value, a dashed line.
    styles : pandas.DataFrame
        The `plot_styles` of its observers. The reference group is shown by the mean over its subjects.
    without_noise : dict of str to str
        For each network trained with diffusion noise, the same network trained without. Pairs of which an observer is
        missing are ignored.

    Returns
    -------
    matplotlib.figure.Figure
    """
    pooled = shape_bias.attrs["reference"]
    styles = styles[(styles["is_whole_group"] | ~styles["is_reference"]) & (styles.index != pooled)]
    pairs = [[before, after] for after, before in without_noise.items() if {before, after} <= set(styles.index)]
    styles = _positions(_styles_of_pairs(styles, pairs))
    figure = Figure(figsize=(DOUBLE, 3.8))
    ax = figure.add_subplot()
    _axes(ax, shape_bias["category"].values)
    # The pairs lie on top, and then the first observer.
    for name, row in styles[~styles["faint"]][::-1].sort_values("in_pair", kind="stable").iterrows():
        _observer(ax, shape_bias.sel(observer=name), row)
    _ranges(ax, shape_bias["shape_bias"], styles[styles["faint"]])
    for pair in pairs:
        x = np.add.outer(styles.loc[pair, "offset"].values, np.arange(shape_bias.sizes["category"]))
        ax.plot(x, shape_bias["shape_bias"].sel(observer=pair).values, color=BEFORE, linewidth=0.6, zorder=3)
    entries = _legend_entries(shape_bias["overall_shape_bias"], styles)
    legend(figure, entries, columns=2, title="Shape bias over all categories")
    return figure


def _styles_of_pairs(styles, pairs):
    """Give the networks of pairs their colours and their side: -1 before, 1 after, 0 for other observers."""
    styles = shade_families(styles).assign(side=0)
    for pair in pairs:
        styles.loc[pair, ["colour", "side"]] = [[BEFORE, -1], [AFTER, 1]]
        styles.loc[pair, "marker"] = "o"
    return styles.assign(in_pair=styles["side"] != 0)


def _positions(styles):
    """Mark models as faint that are neither in pairs nor generative nor as published, and place the other markers."""
    shown = styles["in_pair"] | styles["is_reference"] | (styles["group"] == "generative")
    styles = styles.assign(faint=~shown & (styles["source"] != PUBLISHED))
    placed = styles[~styles["faint"] & (styles["source"] != PUBLISHED)].sort_values("side", kind="stable")
    offsets = pd.Series(np.linspace(-OFFSET, OFFSET, len(placed)), placed.index)
    return styles.assign(offset=offsets.reindex(styles.index, fill_value=0))


def _axes(ax, categories):
    ax.set_xticks(range(len(categories)), categories, rotation=40, ha="right", rotation_mode="anchor")
    ax.set_xlim(-0.6, len(categories) - 0.4)
    ax.set_ylim(-0.03, 1.03)
    ax.set_ylabel("Shape bias")
    ax.tick_params(axis="x", length=0)
    ax.grid(axis="y")
    ax.axhline(NO_PREFERENCE, color=LINE, linewidth=0.6, linestyle=":")


def _ranges(ax, biases, others):
    """For each family, bars from the smallest to the largest value of its other observers, next to each other."""
    families = faint_families(others)
    for number, (_, members) in enumerate(families):
        x = np.arange(biases.sizes["category"]) + RANGE_STEP * (number - (len(families) - 1) / 2)
        values = biases.sel(observer=members.index).transpose("observer", "category")
        ax.vlines(x, np.nanmin(values, axis=0), np.nanmax(values, axis=0), **range_line(members.iloc[-1]))


def _observer(ax, one, row):
    """The line of all categories together and, if the observer was measured, the markers and all intervals."""
    colour, x = row["colour"], np.arange(one.sizes["category"]) + row["offset"]
    ax.axhline(one["overall_shape_bias"].item(), color=colour, linestyle=_stroke(row), zorder=3)
    if row["source"] != PUBLISHED:
        ax.axhspan(*one["overall_shape_bias_interval"].values, color=colour, alpha=0.12, linewidth=0, zorder=1)
        bounds = one["shape_bias_interval"].transpose("bound", "category").values
        ax.vlines(x, *bounds, color=colour, linewidth=0.6, zorder=4)
        marker = {"s": 20, "marker": row["marker"], "edgecolor": "white", "linewidth": 0.3}
        ax.scatter(x, one["shape_bias"], color=colour, zorder=5, **marker)


def _stroke(row):
    return "--" if row["source"] == PUBLISHED else "-"


def _legend_entries(overall, styles):
    """One entry per observer with its overall value, and one per family for the range of its others."""
    overall, entries = overall.to_series(), []
    for name, row in styles[~styles["faint"]].iterrows():
        measured = row["source"] != PUBLISHED
        text = f"{row['label']}: {overall[name]:.2f}" + ("" if measured else f", {PUBLISHED}")
        line = {"color": row["colour"], "linestyle": _stroke(row), "marker": row["marker"] if measured else ""}
        entries.append(Line2D([], [], label=text, **line))
    return entries + range_entries(styles, overall)
