"""Error consistency of all observers with each other, on one dataset of a single condition."""

import numpy as np
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from generative_classifiers.figures.plot_styles import family_entries, spans
from generative_classifiers.figures.style import BLANK, DOUBLE, legend, paper
from generative_classifiers.io.errors import InputError

# The same in every figure, so that matrices compare; less than by chance is one tone of its own.
LIMITS, COLOURS, BELOW_CHANCE = (0.0, 1.0), "YlGnBu", "#F6C9A0"
# In inches: a block of one cell has room for its mean. (Too many names for a page make a larger figure.)
SMALLEST = 4.8
# Of the colour bar, where neither rows nor columns have labels; in the matrix's own width and height.
CORNER = (-0.34, -0.16, 0.28, 0.025)
# Of the strip in the families' colours between the labels and the matrix; in the matrix's own width.
STRIP = 0.012


@paper()
def consistency_matrix(consistency, rows, dataset, title):
    """Kappa of all pairs of the observers of a dataset, in groups, with the mean of every block.

    Parameters
    ----------
    consistency : xarray.Dataset
        `kappa` (observer, other, cell).
    rows : pandas.DataFrame
        Roster of it.
    dataset : str
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When the dataset has not exactly one condition.
    """
    kappa, rows = _of_dataset(consistency, rows, dataset)
    n = len(rows)
    size = max(SMALLEST, min(DOUBLE, 2.2 + 0.15 * n), 2.4 + 0.1 * n)
    figure = Figure(figsize=(size, size - 0.5))
    ax = figure.add_subplot(title=title, facecolor=BLANK)
    sns.heatmap(
        kappa,
        mask=np.isnan(kappa),
        cmap=sns.color_palette(COLOURS, as_cmap=True).with_extremes(under=BELOW_CHANCE),
        vmin=LIMITS[0],
        vmax=LIMITS[1],
        square=True,
        linewidth=0.2,
        cbar_ax=ax.inset_axes(CORNER),
        cbar_kws={"orientation": "horizontal", "extend": "min", "ticks": [0, 0.5, 1]},
        ax=ax,
    )
    ax.child_axes[0].set_title("Error consistency κ", loc="right", fontweight="normal", fontsize=6.5)
    _observers(ax, rows)
    _groups(ax, kappa, spans(rows["group"]))
    legend(figure, family_entries(rows))
    return figure


def _of_dataset(consistency, rows, dataset):
    """Kappa of the observers who saw the dataset, NaN on the diagonal, and their rows."""
    cells = consistency["dataset"].values == dataset
    if cells.sum() != 1:
        raise InputError(f"{dataset}: {cells.sum()} conditions in the store, expected one")
    cell = consistency.isel(cell=int(cells.argmax()))
    seen = cell["observed"].notnull().any("other").to_series()
    rows = rows[seen[rows.index]]
    kappa = cell["kappa"].transpose("observer", "other").to_pandas().loc[rows.index, rows.index].values
    return np.where(np.eye(len(rows), dtype=bool), np.nan, kappa), rows


def _observers(ax, rows):
    """The observers' labels along both sides, and a strip in the colours of their families."""
    middles = np.arange(len(rows)) + 0.5
    ax.set_xticks(middles, rows["label"], rotation=90)
    ax.set_yticks(middles, rows["label"], rotation=0)
    ax.tick_params(length=0, pad=8)
    ax.spines[:].set_visible(False)
    ax.set(xlim=(0, len(rows)), ylim=(len(rows), 0))
    for colour, start, stop in spans(rows["colour"]):
        look = {"color": colour, "linewidth": 0, "clip_on": False}
        left = {"xy": (-1.5 * STRIP, start), "width": STRIP, "height": stop - start}
        below = {"xy": (start, -1.5 * STRIP), "width": stop - start, "height": STRIP}
        ax.add_patch(Rectangle(**left, transform=ax.get_yaxis_transform(), **look))
        ax.add_patch(Rectangle(**below, transform=ax.get_xaxis_transform(), **look))


def _groups(ax, kappa, groups):
    """Borders between groups, their names, and the means of all blocks.

    The matrix is symmetric: means lie below its diagonal, and whatever they cover is bare above it.
    """
    for i, (name, start, stop) in enumerate(groups):
        for at in {start, stop}:
            ax.axhline(at, color="black", linewidth=0.8, clip_on=False)
            ax.axvline(at, color="black", linewidth=0.8, clip_on=False)
        ax.text(1.02, (start + stop) / 2, name.replace(" ", "\n"), transform=ax.get_yaxis_transform(), va="center")
        for _, left, right in groups[: i + 1]:
            block = kappa[start:stop, left:right]
            # A block on the diagonal has its lower triangle only.
            aside = (stop - start) / 4 if left == start else 0
            if np.isfinite(block).any():
                _mean(ax, (left + right) / 2 - aside, (start + stop) / 2 + aside, np.nanmean(block))


def _mean(ax, x, y, value):
    box = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "black", "linewidth": 0.5}
    text = f"{value:z.2f}".replace("-", "\N{MINUS SIGN}")
    ax.text(x, y, text, ha="center", va="center", fontsize=6.5, bbox=box)
