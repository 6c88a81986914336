"""Shape bias: a matrix plot of all categories, and boxplots over the categories."""

import warnings

import numpy as np
import pandas as pd
import seaborn as sns
import xarray as xr
from matplotlib import MatplotlibDeprecationWarning
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from generative_classifiers.decisions.published_numbers import PUBLISHED
from generative_classifiers.figures.plot_styles import (
    FILLING,
    HOLLOW,
    NOT_MEASURED,
    faint_families,
    family_entries,
    mark_faint,
    range_entries,
    range_line,
    runs,
    shade_families,
    tint,
)
from generative_classifiers.figures.style import DOUBLE, LINE, label_value_axis, legend, paper, row_step

# An observer without any preference makes as many shape as texture decisions.
NO_PREFERENCE = 0.5
# The marker of all categories together, among those of the categories.
OVERALL = {
    "marker": "D",
    "markersize": 3.5,
    "markerfacecolor": "white",
    "markeredgecolor": "black",
    "markeredgewidth": 0.7,
}


# The largest distance of boxes in inches.
BOX_STEP = 0.19
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


@paper()
def shape_bias_boxplots(shape_bias: xr.Dataset, styles: pd.DataFrame) -> Figure:
    """Spread of the shape bias over categories: one box per observer, sorted by family and then by overall shape bias.

    Parameters
    ----------
    shape_bias : xarray.Dataset
        As for `shape_bias_matrix`. Published observers have no box, only their overall value.
    styles : pandas.DataFrame
        The `plot_styles` of its observers. The reference group is shown by the mean over its subjects.

    Returns
    -------
    matplotlib.figure.Figure
    """
    table = _sorted_by_overall(shape_bias, styles)
    step, size = row_step(len(table), BOX_STEP)
    figure = Figure(figsize=(DOUBLE, 0.9 + step * len(table)))
    ax = figure.add_subplot()
    _boxes(ax, shape_bias["shape_bias"].sel(observer=list(table.index)), table["colour"])
    for y, (name, row) in enumerate(table.iterrows()):
        lower, upper = shape_bias["overall_shape_bias_interval"].sel(observer=name, bound=["lower", "upper"]).values
        ax.hlines(y, lower, upper, color="black", linewidth=1.5, zorder=5)
        ax.plot(row["overall"], y, zorder=6, **_overall_marker(row["source"], row["colour"]))
    ax.set_yticks(range(len(table)), table["label"], fontsize=size)
    ax.set_ylim(len(table) - 0.5, -0.5)
    ax.set_xlim(-0.02, 1.02)
    label_value_axis(ax, "Shape bias")
    ax.axvline(NO_PREFERENCE, color=LINE, linewidth=0.6, linestyle=":")
    for _, _, stop in runs(table["family"])[:-1]:
        ax.axhline(stop - 0.5, color=LINE, linewidth=0.6)
    legend(figure, [*family_entries(table), *_overall_entries(table)])
    return figure


def _sorted_by_overall(shape_bias, styles):
    """Styles and overall values in the order of the boxes."""
    pooled = shape_bias.attrs["reference"]
    table = styles[(styles["is_whole_group"] | ~styles["is_reference"]) & (styles.index != pooled)]
    overall = shape_bias["overall_shape_bias"].to_series()
    table = table.assign(overall=overall, family_number=pd.factorize(table["family"])[0])
    return table.sort_values(["family_number", "overall"], ascending=[True, False], kind="stable")


def _boxes(ax, biases, colours):
    """One box per observer, and in it a dot per category. A category has the same height in all boxes."""
    table = biases.transpose("category", "observer").to_pandas()
    thin = {"color": "#333333", "linewidth": 0.6}
    parts = dict.fromkeys(["whiskerprops", "capprops", "medianprops"], thin)
    box = {"edgecolor": thin["color"], "linewidth": thin["linewidth"]}
    palette = {name: tint(colour, 0.65) for name, colour in colours.items()}
    layout = {"orient": "h", "width": 0.7, "saturation": 1, "showfliers": False, "zorder": 3}
    with warnings.catch_warnings():
        # seaborn 0.13 passes the orientation in a way that matplotlib has deprecated.
        warnings.simplefilter("ignore", MatplotlibDeprecationWarning)
        sns.boxplot(table, palette=palette, ax=ax, boxprops=box, **layout, **parts)
    offsets = np.linspace(-0.22, 0.22, len(table))
    for y, (name, colour) in enumerate(colours.items()):
        defined = table[name].notna().values
        ax.scatter(table[name][defined], (y + offsets)[defined], s=4, color=colour, linewidth=0, zorder=4)


def _overall_marker(source, colour):
    """The marker of all categories together: of published observers in the observer's colour, else white."""
    if source == PUBLISHED:
        return OVERALL | {"markersize": 4.5, "markerfacecolor": tint(colour, FILLING), "markeredgecolor": colour}
    return OVERALL


def _overall_entries(styles):
    entries = [Line2D([], [], color="black", label="all categories together, 95 % interval", **OVERALL)]
    hollow = Line2D([], [], color="none", label=NOT_MEASURED, **_overall_marker(PUBLISHED, HOLLOW))
    return entries + [hollow] * (PUBLISHED in styles["source"].values)
