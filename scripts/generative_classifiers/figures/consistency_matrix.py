"""Error consistency of all observers with each other, on one dataset of a single condition."""

import numpy as np
import seaborn as sns
from matplotlib.figure import Figure

from generative_classifiers.errors import InputError
from generative_classifiers.figures.roster import spans
from generative_classifiers.figures.style import BLANK, DOUBLE, paper

# The same in every figure, so that matrices compare; less than by chance is one tone of its own.
LIMITS = (0.0, 1.0)
BELOW_CHANCE = "#F6C9A0"
# In inches: a block of one cell has room for its mean. (Too many names for a page make a larger figure.)
SMALLEST = 4.8
# Of the colour bar, where neither rows nor columns have labels; in the matrix's own width and height.
CORNER = (-0.34, -0.16, 0.28, 0.025)


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
    ax = figure.add_subplot()
    sns.heatmap(
        kappa,
        mask=np.eye(n, dtype=bool),
        cmap=sns.color_palette("mako_r", as_cmap=True).with_extremes(under=BELOW_CHANCE),
        vmin=LIMITS[0],
        vmax=LIMITS[1],
        square=True,
        linewidth=0.2,
        xticklabels=rows["label"],
        yticklabels=rows["label"],
        cbar_ax=ax.inset_axes(CORNER),
        cbar_kws={"orientation": "horizontal", "extend": "min", "ticks": [0, 0.5, 1]},
        ax=ax,
    )
    ax.set(title=title, xlabel="", ylabel="", facecolor=BLANK)
    ax.tick_params(length=0)
    for axis in (ax.get_xticklabels(), ax.get_yticklabels()):
        for text, colour in zip(axis, rows["colour"], strict=True):
            text.set_color(colour)
    ax.child_axes[0].set_title("Error consistency κ", loc="right", fontweight="normal", fontsize=6.5)
    _groups(ax, kappa.values, spans(rows["group"]))
    return figure


def _of_dataset(consistency, rows, dataset):
    cells = consistency["dataset"].values == dataset
    if cells.sum() != 1:
        raise InputError(f"{dataset}: {cells.sum()} conditions in the store, expected one")
    cell = consistency.isel(cell=int(cells.argmax()))
    seen = cell["observed"].notnull().any("other").to_series()
    rows = rows[seen[rows.index]]
    return cell["kappa"].to_pandas().loc[rows.index, rows.index], rows


def _groups(ax, kappa, groups):
    """Borders between groups, their names, and the mean of every block without its diagonal."""
    kappa = np.where(np.eye(len(kappa), dtype=bool), np.nan, kappa)
    for name, start, stop in groups:
        ax.axhline(stop, color="black", linewidth=0.8)
        ax.axvline(stop, color="black", linewidth=0.8)
        name = name.replace(" ", "\n")
        ax.text(1.02, (start + stop) / 2, name, transform=ax.get_yaxis_transform(), va="center")
        for _, left, right in groups:
            block = kappa[start:stop, left:right]
            if np.isfinite(block).any():
                _mean(ax, (left + right) / 2, (start + stop) / 2, np.nanmean(block))


def _mean(ax, x, y, value):
    box = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "black", "linewidth": 0.5}
    ax.text(x, y, f"{value:.2f}", ha="center", va="center", fontsize=6.5, bbox=box)
