"""Figures 2, 7 and 8: single images and what models make of them."""

from textwrap import wrap

import numpy as np

from generative_classifiers.figures.reconstruction_grid import SPACE, TEXT, blank, mark, picture, reconstruction_grid
from generative_classifiers.figures.style import DOUBLE, paper
from generative_classifiers.io.errors import InputError

# Of figure 7, in inches: room for the observers' names, between ambiguous_images, and the largest side of a picture.
NAMES, BETWEEN, LARGEST = 0.36, 0.22, 0.8
# Side of an ambiguous image, in those of its reconstructions.
ORIGINAL = 1.5
# Letters of an observer's name to a line.
LETTERS = 20


def method(example_images, name, categories, label):
    """A stimulus, what one draw leaves of it, and its reconstruction under the prompt of each category.

    Parameters
    ----------
    example_images : xarray.Dataset
        As `example_images/<observer>.zarr`.
    name : str
        Of the stimulus.
    categories : sequence of str
        To choose from; the store has readings, too.
    label : str
        What the observer is called.

    Returns
    -------
    matplotlib.figure.Figure
    """
    one = example_images.isel(image=place(example_images, name)).sel(category=list(categories))
    given = {f"stimulus\n{name.rpartition('.')[0]}": one["stimulus"].values, remains(one): one["noised"].values}
    return reconstruction_grid(given, one["reconstruction"].values, one["distance"].values, categories, title=label)


def place(example_images, name):
    """The position of an image."""
    names = example_images["name"].values.tolist()
    if name not in names:
        raise InputError(f"no image {name!r} among the example images, {', '.join(names)}")
    return names.index(name)


def remains(example_images):
    """What one draw left of an image, in words: noise has a time, a mask has none."""
    time, sigma = example_images["time"].item(), example_images["sigma"].item()
    return f"masked\n{sigma:.0%} hidden" if np.isnan(time) else f"noised\nt = {time:.2f}"


@paper()
def ambiguous_images(images, readings, example_images, labels):
    """Ambiguous images, below each what observers make of it under its two readings' prompts.

    Parameters
    ----------
    images : xarray.Dataset
        As `stimuli/ambiguous_images.zarr`.
    readings : dict of str to sequence of str
        The two readings of each image.
    example_images : dict of str to xarray.Dataset
        `example_images/<observer>.zarr` by observer.
    labels : dict of str to str
        What observers are called.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        There is no observer, or an image is missing.
    """
    if not example_images:
        raise InputError("no observer to draw, expected one that paints")
    block = (DOUBLE - NAMES - SPACE / 2 - BETWEEN * (len(readings) - 1)) / len(readings)
    side = min(LARGEST, (block - SPACE) / 2)
    original, step = ORIGINAL * side, side + 2 * TEXT + SPACE
    figure = blank(TEXT + original + SPACE + len(example_images) * step)
    for number, (name, pair) in enumerate(readings.items()):
        left, top = NAMES + number * (2 * side + SPACE + BETWEEN), TEXT
        image = images["image"].values[place(images, name)]
        picture(figure, left + side + (SPACE - original) / 2, top, original, image, " or ".join(pair) + "?")
        top += original + SPACE + TEXT
        for row, (observer, store) in enumerate(example_images.items()):
            one = store.isel(image=place(store, name)).sel(category=list(pair))
            first = beside(figure, left, top + row * step, side, one)
            if number == 0:
                text = "\n".join(wrap(labels[observer], LETTERS, break_on_hyphens=False))
                first.set_ylabel(text, fontsize=6.5, fontweight="bold", labelpad=4)
    return figure


def beside(figure, left, top, side, one):
    """The reconstructions of one image beside each other, the nearest marked; gives the first one's axes."""
    nearest = int(np.argmin(one["distance"].values))
    panels = []
    for column, reading in enumerate(one["category"].values):
        image = one["reconstruction"].values[column]
        panels.append(picture(figure, left + column * (side + SPACE), top, side, image, reading))
        mark(panels[-1], one["distance"].values[column], column == nearest)
    return panels[0]
