"""Shape bias: the matrix plot of all categories, and the boxplots over them."""

import warnings

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import MatplotlibDeprecationWarning
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from generative_classifiers.figures.roster import MANY, family_entries, shaded, spans
from generative_classifiers.figures.style import DOUBLE, LINE, legend, paper, scale

# Without any preference there are as many shape as texture decisions.
NO_PREFERENCE = 0.5
# The overall value among those of the categories.
OVERALL = {
    "marker": "D",
    "markersize": 3.5,
    "markerfacecolor": "white",
    "markeredgecolor": "black",
    "markeredgewidth": 0.7,
}


@paper()
def matrix(shape_bias, rows):
    """Share of shape decisions by category, one marker per observer; lines are all categories together.

    Parameters
    ----------
    shape_bias : xarray.Dataset
        `shape_bias` (observer, category) and `overall_shape_bias` (observer).
    rows : pandas.DataFrame
        Roster of it. The reference group is drawn as its pooled trials.

    Returns
    -------
    matplotlib.figure.Figure
    """
    mean = f"{shape_bias.attrs['reference']}-mean"
    rows = shaded(rows[(rows["pooled"] | ~rows["is_reference"]) & (rows.index != mean)])
    rows["many"] = rows.groupby("family")["label"].transform("size") > MANY
    figure = Figure(figsize=(DOUBLE, 4.8))
    ax = figure.add_subplot()
    categories = shape_bias["category"].values.tolist()
    y = np.array([*range(len(categories)), len(categories) + 0.5])
    _category_axis(ax, [*categories, "all"], y)
    # The first of the roster lies on top.
    for name, row in rows[::-1].iterrows():
        one = shape_bias.sel(observer=name)
        _observer(ax, [*one["shape_bias"].values, one["overall_shape_bias"].item()], y, row)
    legend(figure, _entries(shape_bias, rows), columns=3, title="Shape bias over all categories")
    return figure


def _category_axis(ax, labels, y):
    ax.set_yticks(y, labels)
    ax.get_yticklabels()[-1].set_fontweight("bold")
    ax.set_ylim(y[-1] + 0.7, -0.7)
    ax.axhline(y[-1] - 0.75, color="black", linewidth=0.6)
    ax.grid(axis="y")
    ax.tick_params(axis="y", length=0)
    # Shape to the left, as Geirhos et al. (2019) draw it.
    ax.set_xlim(1.02, -0.02)
    ax.set_xlabel("Share of shape decisions")
    ax.secondary_xaxis("top", functions=(_other_cue, _other_cue)).set_xlabel("Share of texture decisions")
    ax.axvline(NO_PREFERENCE, color=LINE, linewidth=0.6, linestyle=":")


def _other_cue(share):
    return 1 - share


def _observer(ax, shares, y, row):
    """Markers for the categories and for all together, the last, and a line through the latter."""
    alpha, width, size, edge = (0.5, 0.5, 10, 0) if row["many"] else (1, 1, 22, 0.3)
    ax.vlines(shares[-1], -0.7, y[-1], color=row["colour"], linewidth=width, alpha=alpha, zorder=3)
    look = {"color": row["colour"], "marker": row["marker"], "edgecolor": "white", "linewidth": edge}
    ax.scatter(shares, y, s=size, alpha=alpha, zorder=4, **look)


def _entries(shape_bias, rows):
    """One entry of the legend per observer with its overall value, or one for a family of many."""
    overall = shape_bias["overall_shape_bias"].to_series()
    entries = []
    for _, members in rows.groupby("family", sort=False):
        first, values = members.iloc[0], overall[members.index]
        if first["many"]:
            span = f"{values.min():.2f} to {values.max():.2f}"
            entries.append(_entry(first, f"{first['family_label']}, {len(members)} observers: {span}"))
        else:
            labels = members["label"] + values.map(": {:.2f}".format)
            entries += [_entry(row, labels[name]) for name, row in members.iterrows()]
    return entries


def _entry(row, label):
    return Line2D([], [], color=row["colour"], marker=row["marker"], label=label)


@paper()
def boxplots(shape_bias, rows):
    """Spread of the shape bias over categories: a box per observer, by family and then by overall shape bias.

    Parameters
    ----------
    shape_bias : xarray.Dataset
        `shape_bias` (observer, category) and `overall_shape_bias` (observer).
    rows : pandas.DataFrame
        Roster of it. The reference group is drawn as the mean over its subjects.

    Returns
    -------
    matplotlib.figure.Figure
    """
    pooled = shape_bias.attrs["reference"]
    rows = rows[(rows["pooled"] | ~rows["is_reference"]) & (rows.index != pooled)]
    overall = shape_bias["overall_shape_bias"].to_series()
    rows = rows.assign(overall=overall, place=pd.factorize(rows["family"])[0])
    rows = rows.sort_values(["place", "overall"], ascending=[True, False], kind="stable")
    values = shape_bias["shape_bias"].sel(observer=list(rows.index)).transpose("observer", "category")
    figure = Figure(figsize=(DOUBLE, 0.9 + 0.19 * len(rows)))
    ax = figure.add_subplot()
    _boxes(ax, values.to_pandas().T, rows["colour"].to_dict())
    _points(ax, values.values, rows)
    ax.set_yticks(range(len(rows)), rows["label"])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlim(-0.02, 1.02)
    scale(ax, "Shape bias")
    ax.axvline(NO_PREFERENCE, color=LINE, linewidth=0.6, linestyle=":")
    for _, _, stop in spans(rows["family"])[:-1]:
        ax.axhline(stop - 0.5, color=LINE, linewidth=0.6)
    all_together = Line2D([], [], color="none", label="all categories together", **OVERALL)
    legend(figure, [*family_entries(rows), all_together])
    return figure


def _boxes(ax, values, colours):
    look = {"saturation": 1, "width": 0.7, "linewidth": 0.6, "boxprops": {"alpha": 0.35}}
    with warnings.catch_warnings():
        # seaborn 0.13 tells matplotlib the orientation in the old way.
        warnings.simplefilter("ignore", MatplotlibDeprecationWarning)
        sns.boxplot(values, orient="h", palette=colours, showfliers=False, ax=ax, **look)


def _points(ax, values, rows):
    """All categories, each at the same height within its box, and the overall value."""
    offsets = np.linspace(-0.22, 0.22, values.shape[1])
    for i, (biases, (_, row)) in enumerate(zip(values, rows.iterrows(), strict=True)):
        ax.scatter(biases, i + offsets, s=4, color=row["colour"], linewidth=0, zorder=4)
        ax.plot(row["overall"], i, zorder=5, **OVERALL)
