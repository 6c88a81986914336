"""How the shape bias spreads over categories: boxplots."""

import warnings

import numpy as np
import pandas as pd
import seaborn as sns
import xarray as xr
from matplotlib import MatplotlibDeprecationWarning
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from generative_classifiers.decisions.published_numbers import PUBLISHED
from generative_classifiers.figures.observer_colours import FILLING, HOLLOW, NOT_MEASURED, family_entries, tint
from generative_classifiers.figures.plot_styles import runs
from generative_classifiers.figures.shape_bias_matrix import NO_PREFERENCE
from generative_classifiers.figures.style import DOUBLE, LINE, label_value_axis, legend, paper, row_step

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
