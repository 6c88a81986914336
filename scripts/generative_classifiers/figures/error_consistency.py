"""Error consistency of all pairs of observers on a dataset with a single condition, as a matrix."""

import numpy as np
import pandas as pd
import seaborn as sns
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from generative_classifiers.figures.cells import only_cell
from generative_classifiers.figures.observer_colours import family_entries
from generative_classifiers.figures.plot_styles import runs
from generative_classifiers.figures.style import BLANK, DOUBLE, LABEL_SIZE, LINE_HEIGHT, legend, paper

# The same colours in every figure, so that matrices can be compared. All values below chance have the same colour.
LIMITS, COLOURS, BELOW_CHANCE = (0.0, 1.0), "YlGnBu", "#F6C9A0"
# The smallest width in inches, at which a block of one cell has room for its mean.
SMALLEST = 4.8
# The smallest size of legible labels, in points. Where labels on the left would be smaller, every second one is on the
# right, and none are below.
LEGIBLE = 5.0
# The width of a letter in units of its size, and the width in inches of all but the matrix and the labels on the left.
LETTER, MARGINS = 0.55, 0.9
# The place of the colour bar, in the corner without labels, in units of the matrix's width and height.
CORNER = (-0.34, -0.16, 0.28, 0.025)
# The width of the strips in the families' colours between labels and matrix, in units of the matrix's width.
STRIP = 0.012
# Half the width and height of the box around a mean, with a margin, in units of the matrix's width.
BOX = (0.036, 0.022)


@paper()
def error_consistency(consistency: xr.Dataset, styles: pd.DataFrame, dataset: str, title: str) -> Figure:
    """Kappa of all pairs of observers that saw a dataset, in groups, with the mean of every block.

    Parameters
    ----------
    consistency : xarray.Dataset
        `kappa` and `observed` (observer, other, cell).
    styles : pandas.DataFrame
        The `plot_styles` of its observers.
    dataset : str
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When the dataset does not have exactly one condition.
    """
    cell = only_cell(consistency, dataset)
    seen = cell["observed"].notnull().any("other").to_series()
    styles = styles[seen[styles.index]]
    kappa = _kappa_of_pairs(cell, styles.index)
    n = len(styles)
    size = max(SMALLEST, min(DOUBLE, 2.2 + 0.15 * n))
    letters, both_sides = _layout(styles["label"], size)
    figure = Figure(figsize=(size, n * letters * LINE_HEIGHT / 144 + 1.3 if both_sides else size - 0.5))
    ax = figure.add_subplot(title=title, facecolor=BLANK)
    colour_bar = ax.inset_axes(CORNER)
    sns.heatmap(
        kappa,
        mask=np.isnan(kappa),
        cmap=sns.color_palette(COLOURS, as_cmap=True).with_extremes(under=BELOW_CHANCE),
        vmin=LIMITS[0],
        vmax=LIMITS[1],
        square=True,
        linewidth=0.2,
        cbar_ax=colour_bar,
        cbar_kws={"orientation": "horizontal", "extend": "min", "ticks": [0, 0.5, 1]},
        ax=ax,
    )
    colour_bar.set_title("Error consistency κ", loc="right", fontweight="normal", fontsize=6.5)
    _label_observers(ax, styles, letters, both_sides)
    _label_groups(ax, kappa, runs(styles["group_label"]), below=both_sides)
    legend(figure, family_entries(styles), columns=5)
    return figure


def _layout(labels, width):
    """The size of labels in a figure of this width in inches, and whether every second one must be on the right."""
    n, letters, space = len(labels), LETTER * labels.str.len().max(), 72 * (width - MARGINS)
    on_one_side = space / (LINE_HEIGHT * n + letters)
    if on_one_side >= LEGIBLE:
        return min(LABEL_SIZE, on_one_side), False
    return min(LABEL_SIZE, 2 * space / (LINE_HEIGHT * n + 4 * letters)), True


def _kappa_of_pairs(cell, observers):
    """Kappa of all pairs: (observer, observer), with NaN on the diagonal."""
    kappa = cell["kappa"].transpose("observer", "other").to_pandas().loc[observers, observers].values
    return np.where(np.eye(len(observers), dtype=bool), np.nan, kappa)


def _label_observers(ax, styles, letters, both_sides):
    """The observers' labels on the left and below, or on both sides, and strips in the colours of their families."""
    middles = np.arange(len(styles)) + 0.5
    if both_sides:
        right = ax.secondary_yaxis("right")
        right.set_yticks(middles[1::2], styles["label"][1::2], fontsize=letters)
        right.tick_params(length=0, pad=2)
        right.spines[:].set_visible(False)
        ax.set_xticks([])
        ax.set_yticks(middles[::2], styles["label"][::2], rotation=0, fontsize=letters)
    else:
        ax.set_xticks(middles, styles["label"], rotation=90, fontsize=letters)
        ax.set_yticks(middles, styles["label"], rotation=0, fontsize=letters)
    ax.tick_params(length=0, pad=8)
    ax.spines[:].set_visible(False)
    ax.set(xlim=(0, len(styles)), ylim=(len(styles), 0))
    for colour, start, stop in runs(styles["colour"]):
        strip = {"color": colour, "linewidth": 0, "clip_on": False}
        left = {"xy": (-1.5 * STRIP, start), "width": STRIP, "height": stop - start}
        below = {"xy": (start, -1.5 * STRIP), "width": stop - start, "height": STRIP}
        ax.add_patch(Rectangle(**left, transform=ax.get_yaxis_transform(), **strip))
        ax.add_patch(Rectangle(**below, transform=ax.get_xaxis_transform(), **strip))


def _label_groups(ax, kappa, groups, below):
    """The borders between groups, their names, and the means of all blocks.

    The matrix is symmetric. The means lie below its diagonal, so that the cells that they cover are visible above it.
    """
    for i, (name, start, stop) in enumerate(groups):
        for border in {start, stop}:
            ax.axhline(border, color="black", linewidth=0.8, clip_on=False)
            ax.axvline(border, color="black", linewidth=0.8, clip_on=False)
        if below:
            ax.text((start + stop) / 2, -0.04, name, transform=ax.get_xaxis_transform(), ha="center", va="top")
        else:
            ax.text(1.02, (start + stop) / 2, name.replace(" ", "\n"), transform=ax.get_yaxis_transform(), va="center")
        for _, left, right in groups[: i + 1]:
            block = kappa[start:stop, left:right]
            # A block on the diagonal has its mean in its lower triangle, within the matrix.
            shift = (stop - start) / 4 if left == start else 0
            x = max((left + right) / 2 - shift, BOX[0] * len(kappa))
            y = min((start + stop) / 2 + shift, (1 - BOX[1]) * len(kappa))
            if np.isfinite(block).any():
                _write_mean(ax, x, y, np.nanmean(block))


def _write_mean(ax, x, y, value):
    box = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "black", "linewidth": 0.5}
    text = f"{value:z.2f}".replace("-", "\N{MINUS SIGN}")
    ax.text(x, y, text, ha="center", va="center", fontsize=6.5, bbox=box)
