"""Error consistency of all pairs of observers on a dataset with a single condition, as a matrix."""

import numpy as np
import pandas as pd
import seaborn as sns
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from generative_classifiers.figures.cells import only_cell
from generative_classifiers.figures.plot_styles import family_entries, runs
from generative_classifiers.figures.style import BLANK, DOUBLE, legend, paper

# The same colours in every figure, so that matrices can be compared. All values below chance have the same colour.
LIMITS, COLOURS, BELOW_CHANCE = (0.0, 1.0), "YlGnBu", "#F6C9A0"
# The smallest width in inches, at which a block of one cell has room for its mean. With very many observers, the figure
# is wider than a page.
SMALLEST = 4.8
# The place of the colour bar, in the corner without labels, in units of the matrix's width and height.
CORNER = (-0.34, -0.16, 0.28, 0.025)
# The width of the strips in the families' colours between labels and matrix, in units of the matrix's width.
STRIP = 0.012


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
    size = max(SMALLEST, min(DOUBLE, 2.2 + 0.15 * n), 2.4 + 0.1 * n)
    figure = Figure(figsize=(size, size - 0.5))
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
    _label_observers(ax, styles)
    _label_groups(ax, kappa, runs(styles["group_label"]))
    legend(figure, family_entries(styles))
    return figure


def _kappa_of_pairs(cell, observers):
    """Kappa of all pairs: (observer, observer), with NaN on the diagonal."""
    kappa = cell["kappa"].transpose("observer", "other").to_pandas().loc[observers, observers].values
    return np.where(np.eye(len(observers), dtype=bool), np.nan, kappa)


def _label_observers(ax, styles):
    """The observers' labels on both sides, and strips in the colours of their families."""
    middles = np.arange(len(styles)) + 0.5
    ax.set_xticks(middles, styles["label"], rotation=90)
    ax.set_yticks(middles, styles["label"], rotation=0)
    ax.tick_params(length=0, pad=8)
    ax.spines[:].set_visible(False)
    ax.set(xlim=(0, len(styles)), ylim=(len(styles), 0))
    for colour, start, stop in runs(styles["colour"]):
        strip = {"color": colour, "linewidth": 0, "clip_on": False}
        left = {"xy": (-1.5 * STRIP, start), "width": STRIP, "height": stop - start}
        below = {"xy": (start, -1.5 * STRIP), "width": stop - start, "height": STRIP}
        ax.add_patch(Rectangle(**left, transform=ax.get_yaxis_transform(), **strip))
        ax.add_patch(Rectangle(**below, transform=ax.get_xaxis_transform(), **strip))


def _label_groups(ax, kappa, groups):
    """The borders between groups, their names, and the means of all blocks.

    The matrix is symmetric. The means lie below its diagonal, so that the cells that they cover are visible above it.
    """
    for i, (name, start, stop) in enumerate(groups):
        for border in {start, stop}:
            ax.axhline(border, color="black", linewidth=0.8, clip_on=False)
            ax.axvline(border, color="black", linewidth=0.8, clip_on=False)
        ax.text(1.02, (start + stop) / 2, name.replace(" ", "\n"), transform=ax.get_yaxis_transform(), va="center")
        for _, left, right in groups[: i + 1]:
            block = kappa[start:stop, left:right]
            # A block on the diagonal has its mean in its lower triangle.
            shift = (stop - start) / 4 if left == start else 0
            if np.isfinite(block).any():
                _write_mean(ax, (left + right) / 2 - shift, (start + stop) / 2 + shift, np.nanmean(block))


def _write_mean(ax, x, y, value):
    box = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "black", "linewidth": 0.5}
    text = f"{value:z.2f}".replace("-", "\N{MINUS SIGN}")
    ax.text(x, y, text, ha="center", va="center", fontsize=6.5, bbox=box)
