"""Shape bias of networks before and after training with diffusion noise, category by category."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from generative_classifiers.decisions.published_numbers import PUBLISHED
from generative_classifiers.figures.plot_styles import MANY, shaded
from generative_classifiers.figures.shape_bias import NO_PREFERENCE
from generative_classifiers.figures.style import DOUBLE, LINE, legend, paper

# Networks without and with noise, and how far beside a category's middle the outermost markers stand.
BEFORE, AFTER, ASIDE = "#666666", "black", 0.24
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
    for name, row in rows[::-1].sort_values("side", key=abs, kind="stable").iterrows():
        draw = _one_of_many if row["many"] else _observer
        draw(ax, shape_bias.sel(observer=name), row)
    for pair in map(list, pairs):
        x = np.add.outer(rows.loc[pair, "aside"].values, np.arange(shape_bias.sizes["category"]))
        ax.plot(x, shape_bias["shape_bias"].sel(observer=pair).values, color=BEFORE, linewidth=0.6, zorder=3)
    legend(figure, _entries(shape_bias["overall_shape_bias"], rows), columns=2, title="Shape bias over all categories")
    return figure


def _looks(rows, pairs):
    """Who is on which side of a pair, who is one of a crowd, and where the others stand in a category."""
    rows = shaded(rows).assign(side=0)
    for pair in map(list, pairs):
        rows.loc[pair, ["colour", "side"]] = [[BEFORE, -1], [AFTER, 1]]
        rows.loc[pair, "marker"] = "o"
    sizes = rows[rows["side"] == 0].groupby(["family", "source"])["label"].transform("size")
    rows["many"] = sizes.reindex(rows.index, fill_value=0) > MANY
    own = rows[~rows["many"] & (rows["source"] != PUBLISHED)].sort_values("side", kind="stable")
    places = pd.Series(np.linspace(-ASIDE, ASIDE, len(own)), own.index)
    return rows.assign(aside=places.reindex(rows.index, fill_value=0))


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
