"""Shape bias of networks before and after training with diffusion noise, category by category."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from generative_classifiers.figures.roster import MANY, shaded
from generative_classifiers.figures.shape_bias import NO_PREFERENCE
from generative_classifiers.figures.style import DOUBLE, LINE, legend, paper
from generative_classifiers.paper import PUBLISHED

# Networks without and with noise, and how far beside a category's middle they stand.
BEFORE, AFTER, ASIDE = "#7A7A7A", "black", 0.17
CROWD = {"alpha": 0.45, "linewidth": 0, "zorder": 2}


@paper()
def noise_training(shape_bias, rows, without_noise):
    """Markers for the categories, and lines for all of them together.

    Parameters
    ----------
    shape_bias : xarray.Dataset
        `shape_bias` (observer, category), `overall_shape_bias` (observer) and their intervals, which have the
        dimension bound besides. What is as published has the overall value only: a dashed line.
    rows : pandas.DataFrame
        Roster of it. The reference group is drawn as the mean over its subjects.
    without_noise : dict of str to str
        For networks trained with diffusion noise, who is the same without. A pair that is not all in the roster
        is not shown as one.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = rows[(rows["pooled"] | ~rows["is_reference"]) & (rows.index != shape_bias.attrs["reference"])]
    pairs = [(before, after) for after, before in without_noise.items() if {before, after} <= set(rows.index)]
    rows = _looks(rows, pairs)
    figure = Figure(figsize=(DOUBLE, 3.8))
    ax = figure.add_subplot()
    _axes(ax, shape_bias["category"].values)
    # The pairs lie on top, then the first of the roster.
    for name, row in rows[::-1].sort_values("paired", kind="stable").iterrows():
        draw = _one_of_many if row["many"] else _observer
        draw(ax, shape_bias.sel(observer=name), row)
    x = np.arange(shape_bias.sizes["category"])
    for pair in pairs:
        ends = shape_bias["shape_bias"].sel(observer=list(pair)).values
        ax.plot([x - ASIDE, x + ASIDE], ends, color=BEFORE, linewidth=0.6, zorder=3)
    legend(figure, _entries(shape_bias["overall_shape_bias"], rows), columns=2, title="Shape bias over all categories")
    return figure


def _looks(rows, pairs):
    """Who is one of a pair and who one of a crowd, with their colours and places."""
    rows = shaded(rows).assign(aside=0.0)
    for pair in pairs:
        rows.loc[list(pair), ["colour", "aside"]] = [[BEFORE, -ASIDE], [AFTER, ASIDE]]
        rows.loc[list(pair), "marker"] = "o"
    rows["paired"] = rows["aside"] != 0
    sizes = rows[~rows["paired"]].groupby(["family", "source"])["label"].transform("size")
    return rows.assign(many=sizes.reindex(rows.index, fill_value=0) > MANY)


def _axes(ax, categories):
    ax.set_xticks(range(len(categories)), categories, rotation=40, ha="right", rotation_mode="anchor")
    ax.set_xlim(-0.6, len(categories) - 0.4)
    ax.set_ylim(-0.03, 1.03)
    ax.set_ylabel("Shape bias")
    ax.tick_params(axis="x", length=0)
    ax.grid(axis="y")
    ax.axhline(NO_PREFERENCE, color=LINE, linewidth=0.6, linestyle=":")


def _one_of_many(ax, one, row):
    ax.scatter(range(one.sizes["category"]), one["shape_bias"], s=7, marker=row["marker"], color=row["colour"], **CROWD)


def _observer(ax, one, row):
    """Markers and a line, with intervals if it was measured."""
    colour, x = row["colour"], np.arange(one.sizes["category"]) + row["aside"]
    ax.axhline(one["overall_shape_bias"].item(), color=colour, linestyle=_stroke(row), zorder=3)
    if row["source"] != PUBLISHED:
        ax.axhspan(*one["overall_shape_bias_interval"].values, color=colour, alpha=0.12, linewidth=0, zorder=1)
        bounds = one["shape_bias_interval"].transpose("bound", "category").values
        ax.vlines(x, *bounds, color=colour, linewidth=0.6, zorder=4)
        look = {"s": 20, "marker": row["marker"], "edgecolor": "white", "linewidth": 0.3}
        ax.scatter(x, one["shape_bias"], color=colour, zorder=5, **look)


def _stroke(row):
    return "--" if row["source"] == PUBLISHED else "-"


def _entries(overall, rows):
    """One entry of the legend per observer with its overall value, and one per crowd."""
    overall, entries = overall.to_series(), []
    for name, row in rows[~rows["many"]].iterrows():
        measured = row["source"] != PUBLISHED
        text = f"{row['label']}: {overall[name]:.2f}" + ("" if measured else f", {PUBLISHED}")
        look = {"color": row["colour"], "linestyle": _stroke(row), "marker": row["marker"] if measured else ""}
        entries.append(Line2D([], [], label=text, **look))
    for _, members in rows[rows["many"]].groupby(["family", "source"], sort=False):
        first, values = members.iloc[0], overall[members.index]
        text = f"{first['family_label']}, {len(members)} observers: {values.min():.2f} to {values.max():.2f}"
        look = {"color": first["colour"], "linestyle": "", "marker": first["marker"], "markersize": 3}
        entries.append(Line2D([], [], label=text, alpha=CROWD["alpha"], **look))
    return entries
