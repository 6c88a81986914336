"""Shape bias by category: a matrix plot."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from generative_classifiers.decisions.published_numbers import PUBLISHED
from generative_classifiers.figures.observer_colours import (
    range_entries,
    range_line,
    shade_families,
)
from generative_classifiers.figures.plot_styles import faint_families, mark_faint
from generative_classifiers.figures.style import DOUBLE, LINE, legend, paper

# An observer without any preference makes as many shape as texture decisions.
NO_PREFERENCE = 0.5
# The distance of the bars of ranges in units of a row.
RANGE_STEP = 0.28


@paper()
def shape_bias_matrix(shape_bias: xr.Dataset, styles: pd.DataFrame) -> Figure:
    """Share of shape decisions by category, one marker per observer. Vertical lines are all categories together.

    Of the observers of a large family that are not highlighted, bars show the range.

    Parameters
    ----------
    shape_bias : xarray.Dataset
        `shape_bias` (observer, category), `overall_shape_bias` (observer) and `overall_shape_bias_interval`
        (observer, bound). Published observers have only the second: they get a dashed line and a hollow marker.
    styles : pandas.DataFrame
        The `plot_styles` of its observers. The reference group is shown by its pooled trials.

    Returns
    -------
    matplotlib.figure.Figure
    """
    mean = f"{shape_bias.attrs['reference']}-mean"
    styles = shade_families(styles[(styles["is_whole_group"] | ~styles["is_reference"]) & (styles.index != mean)])
    styles = mark_faint(styles)
    figure = Figure(figsize=(DOUBLE, 4.8))
    ax = figure.add_subplot()
    categories = shape_bias["category"].values.tolist()
    y = np.array([*range(len(categories)), len(categories) + 0.5])
    _category_axis(ax, [*categories, "all"], y)
    _ranges(ax, shape_bias, y, styles[styles["faint"]])
    # The first observer lies on top.
    for name, row in styles[~styles["faint"]][::-1].iterrows():
        one = shape_bias.sel(observer=name)
        _observer(ax, [*one["shape_bias"].values, one["overall_shape_bias"].item()], y, row)
        lower, upper = one["overall_shape_bias_interval"].sel(bound=["lower", "upper"]).values
        ax.hlines(y[-1], lower, upper, color=row["colour"], linewidth=2.5, alpha=0.5, zorder=3.5)
    entries = _matrix_entries(shape_bias, styles)
    legend(figure, entries, columns=2, title="Shape bias over all categories")
    return figure


def _ranges(ax, shape_bias, y, others):
    """For each family, bars from the smallest to the largest share of its other observers, one below the other."""
    families = faint_families(others)
    for offset, (_, members) in zip(_offsets(len(families)), families, strict=True):
        shares = shape_bias.sel(observer=members.index)
        shares = np.column_stack([shares["shape_bias"].transpose("observer", ...), shares["overall_shape_bias"]])
        ax.hlines(y + offset, np.nanmin(shares, axis=0), np.nanmax(shares, axis=0), **range_line(members.iloc[-1]))


def _offsets(families):
    return RANGE_STEP * (np.arange(families) - (families - 1) / 2)


def _category_axis(ax, labels, y):
    ax.set_yticks(y, labels)
    ax.get_yticklabels()[-1].set_fontweight("bold")
    ax.set_ylim(y[-1] + 0.7, -0.7)
    ax.axhline(y[-1] - 0.75, color="black", linewidth=0.6)
    ax.grid(axis="y")
    ax.tick_params(axis="y", length=0)
    # Shape is on the left, as in Geirhos et al. (2019).
    ax.set_xlim(1.02, -0.02)
    ax.set_xlabel("Share of shape decisions")
    ax.secondary_xaxis("top", functions=(_other_cue, _other_cue)).set_xlabel("Share of texture decisions")
    ax.axvline(NO_PREFERENCE, color=LINE, linewidth=0.6, linestyle=":")


def _other_cue(share):
    return 1 - share


def _observer(ax, shares, y, row):
    """Markers of the categories and, last, of all categories together, which also get a vertical line."""
    published = row["source"] == PUBLISHED
    ax.vlines(shares[-1], -0.7, y[-1], color=row["colour"], linestyle="--" if published else "-", linewidth=1, zorder=3)
    if published:
        marker = {"color": "white", "edgecolor": row["colour"], "linewidth": 1}
    else:
        marker = {"color": row["colour"], "edgecolor": "white", "linewidth": 0.3}
    ax.scatter(shares, y, s=22, marker=row["marker"], zorder=4, **marker)


def _matrix_entries(shape_bias, styles):
    """One entry of the legend per observer with its overall value, and one per family for the range of its others."""
    overall = shape_bias["overall_shape_bias"].to_series()
    strong = styles[~styles["faint"]]
    entries = [_matrix_entry(row, f"{row['label']}: {overall[name]:.2f}") for name, row in strong.iterrows()]
    return entries + range_entries(styles, overall)


def _matrix_entry(row, label):
    line = {"color": row["colour"], "marker": row["marker"]}
    if row["source"] == PUBLISHED:
        return Line2D([], [], label=f"{label}, {PUBLISHED}", linestyle="--", markerfacecolor="white", **line)
    return Line2D([], [], label=label, **line)
