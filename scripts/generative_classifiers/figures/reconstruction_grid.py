"""An image, a model's reconstructions of it under the prompts of categories, and the distances that decide."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from generative_classifiers.figures.style import DOUBLE, LINE, paper

# The colours of the smallest distance and of the others, as in the paper. The frame helps readers who cannot tell them
# apart.
NEAREST, FARTHER = "#007A53", "#A4262C"
# Reconstructions in a row.
COLUMNS = 8
# In inches: the gap between images, the room for the arrow, a line of text, and the title.
GAP, ARROW, TEXT, TITLE = 0.06, 0.32, 0.15, 0.17


@paper()
def reconstruction_grid(
    images: Mapping[str, np.ndarray],
    reconstructions: np.ndarray,
    distances: np.ndarray,
    labels: Sequence[str],
    chosen: int | None = None,
    title: str = "",
) -> Figure:
    """On the left, the images that a model is given, one below the other; on the right, all its reconstructions.

    Parameters
    ----------
    images : dict of str to numpy.ndarray
        uint8 (y, x, channel) by name: the stimulus and, optionally, the same noised. The part of a name after a line
        break is written below the image.
    reconstructions : numpy.ndarray
        uint8 (category, y, x, channel).
    distances : numpy.ndarray
        float (category,); NaN where there is none.
    labels : sequence of str
        (category,).
    chosen : int, optional
        The category to mark, instead of the one with the smallest distance.
    title : str, optional

    Returns
    -------
    matplotlib.figure.Figure
        As wide as a page.
    """
    chosen = int(np.nanargmin(distances)) if chosen is None else chosen
    rows = max(len(images), -(-len(labels) // COLUMNS))
    side = (DOUBLE - ARROW - (COLUMNS + 1) * GAP) / (COLUMNS + 1)
    head, step = TEXT + (TITLE if title else 0), side + 2 * TEXT + GAP
    figure = empty_page(head - TEXT + rows * step)
    figure.suptitle(title, x=GAP / 2 / DOUBLE, y=0.99, ha="left", va="top", fontsize=7.5, fontweight="bold")
    given = [
        show_image(figure, GAP / 2, head + row * step, side, image, name)
        for row, (name, image) in enumerate(images.items())
    ]
    for number, (label, distance) in enumerate(zip(labels, distances, strict=True)):
        row, column = divmod(number, COLUMNS)
        left = GAP / 2 + ARROW + (column + 1) * (side + GAP)
        ax = show_image(figure, left, head + row * step, side, reconstructions[number], label)
        write_distance(ax, distance, number == chosen)
    _add_arrow(figure, given[-1])
    return figure


def empty_page(height: float) -> Figure:
    """A figure as wide as a page, in which everything is placed in inches."""
    figure = Figure(figsize=(DOUBLE, height))
    figure.set_layout_engine("none")
    return figure


def show_image(figure: Figure, left: float, top: float, side: float, image: np.ndarray, name: str = "") -> Axes:
    """Show an image with its name above it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    left, top, side : float
        Place and size of the image, in inches.
    image : numpy.ndarray
        uint8 (y, x, channel).
    name : str
        The part after a line break is written below the image.

    Returns
    -------
    matplotlib.axes.Axes
    """
    width, height = figure.get_size_inches()
    ax = figure.add_axes((left / width, 1 - (top + side) / height, side / width, side / height))
    # Small images show single pixels, as their models see them; large ones are reduced smoothly.
    ax.imshow(image, interpolation="auto")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color=LINE, linewidth=0.4)
    above, _, below = name.partition("\n")
    ax.set_title(above, loc="center", fontsize=6.5, fontweight="normal", pad=2)
    ax.set_xlabel(below, fontsize=6, labelpad=2)
    return ax


def write_distance(ax: Axes, distance: float, is_chosen: bool) -> None:
    """Write the distance below a reconstruction, and frame the chosen one."""
    text = "" if np.isnan(distance) else f"{distance:#.4g}"
    ax.set_xlabel(text, color=NEAREST if is_chosen else FARTHER, fontsize=6.5, labelpad=2)
    if is_chosen:
        ax.spines[:].set(color=NEAREST, linewidth=1.8)
        ax.xaxis.label.set_fontweight("bold")
        ax.title.set_fontweight("bold")


def _add_arrow(figure, ax):
    """An arrow from an image that the model is given to its reconstructions."""
    box = ax.get_position()
    width = figure.get_size_inches()[0]
    middle = (box.y0 + box.y1) / 2
    ends = [(box.x1 + (GAP + share * ARROW) / width, middle) for share in (0.05, 0.85)]
    arrow = {"arrowstyle": "-|>", "mutation_scale": 8, "color": LINE, "linewidth": 1}
    figure.add_artist(FancyArrowPatch(*ends, shrinkA=0, shrinkB=0, **arrow))
