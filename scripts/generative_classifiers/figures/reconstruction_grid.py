"""Images and what models make of them under the prompts of categories, with the distances that decide."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from generative_classifiers.figures.style import DOUBLE, LINE, paper

# The distance that is the smallest, and the others, as in the paper. The frame says it to the colour-blind, too.
NEAREST, FARTHER = "#007A53", "#A4262C"
# Reconstructions beside each other in a sheet.
COLUMNS = 8
# In inches: between pictures, between the given images and the reconstructions, a line of text, a title.
SPACE, GAP, TEXT, TITLE = 0.06, 0.32, 0.15, 0.17


@paper()
def reconstruction_grid(images, reconstructions, distances, labels, chosen=None, title=""):
    """Beside the images that a model is given, below each other, all that it makes of them.

    Parameters
    ----------
    images : dict of str to numpy.ndarray
        uint8 (y, x, channel) by name: the stimulus, and maybe the same noised. What follows a line break in a name
        is written below its image.
    reconstructions : numpy.ndarray
        uint8 (category, y, x, channel).
    distances : numpy.ndarray
        float (category,); NaN where there is none.
    labels : sequence of str
        (category,).
    chosen : int, optional
        Which category is marked, instead of the one at the smallest distance.
    title : str, optional

    Returns
    -------
    matplotlib.figure.Figure
        As wide as a page.
    """
    chosen = int(np.nanargmin(distances)) if chosen is None else chosen
    rows = max(len(images), -(-len(labels) // COLUMNS))
    side = (DOUBLE - GAP - (COLUMNS + 1) * SPACE) / (COLUMNS + 1)
    head, step = TEXT + (TITLE if title else 0), side + 2 * TEXT + SPACE
    figure = blank(head - TEXT + rows * step)
    figure.suptitle(title, x=SPACE / 2 / DOUBLE, y=0.99, ha="left", va="top", fontsize=7.5, fontweight="bold")
    given = [
        picture(figure, SPACE / 2, head + row * step, side, image, name)
        for row, (name, image) in enumerate(images.items())
    ]
    for place, (label, distance) in enumerate(zip(labels, distances, strict=True)):
        row, column = divmod(place, COLUMNS)
        left = SPACE / 2 + GAP + (column + 1) * (side + SPACE)
        ax = picture(figure, left, head + row * step, side, reconstructions[place], label)
        mark(ax, distance, place == chosen)
    arrow(figure, given[-1], side)
    return figure


def blank(height):
    """A figure as wide as a page, in which everything has its place in inches."""
    return Figure(figsize=(DOUBLE, height), layout="none")


def picture(figure, left, top, side, image, name=""):
    """Show an image with its name above it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    left, top, side : float
        Of the image, in inches.
    image : numpy.ndarray
        uint8 (y, x, channel).
    name : str
        What follows a line break in it is written below.

    Returns
    -------
    matplotlib.axes.Axes
    """
    width, height = figure.get_size_inches()
    ax = figure.add_axes((left / width, 1 - (top + side) / height, side / width, side / height))
    # Small images are seen pixel by pixel, as their models do; large ones are reduced smoothly.
    ax.imshow(image, interpolation="auto")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color=LINE, linewidth=0.4)
    above, _, below = name.partition("\n")
    ax.set_title(above, loc="center", fontsize=6.5, fontweight="normal", pad=2)
    ax.set_xlabel(below, fontsize=6, labelpad=2)
    return ax


def mark(ax, distance, chosen):
    """Write the distance below a reconstruction, and frame the chosen one."""
    text = "" if np.isnan(distance) else f"{distance:#.4g}"
    ax.set_xlabel(text, color=NEAREST if chosen else FARTHER, fontsize=6.5, labelpad=2)
    if chosen:
        ax.spines[:].set(color=NEAREST, linewidth=1.8)
        ax.xaxis.label.set_fontweight("bold")
        ax.title.set_fontweight("bold")


def arrow(figure, ax, side):
    """From the image that a model is given to what it makes of it."""
    box = ax.get_position()
    width = figure.get_size_inches()[0]
    middle = (box.y0 + box.y1) / 2
    ends = [(box.x1 + (SPACE + share * GAP) / width, middle) for share in (0.05, 0.85)]
    look = {"arrowstyle": "-|>", "mutation_scale": 8, "color": LINE, "linewidth": 1}
    figure.add_artist(FancyArrowPatch(*ends, shrinkA=0, shrinkB=0, **look))
