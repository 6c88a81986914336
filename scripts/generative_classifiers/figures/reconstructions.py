"""Figures 2, 7 and 8: example images, and what models reconstruct from them."""

from collections.abc import Mapping, Sequence
from textwrap import wrap

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from generative_classifiers.figures.reconstruction_grid import (
    GAP,
    TEXT,
    empty_page,
    reconstruction_grid,
    show_image,
    write_distance,
)
from generative_classifiers.figures.style import DOUBLE, paper
from generative_classifiers.io.errors import InputError

# Of figure 7, in inches: the room for the observers' names, the space between ambiguous images, and the largest side of
# an image.
NAMES, BETWEEN, LARGEST = 0.36, 0.22, 0.8
# The side of an ambiguous image, in sides of its reconstructions.
ORIGINAL = 1.5
# The longest line of an observer's name, in characters.
LINE_LENGTH = 20


def reconstructions(example_images: xr.Dataset, name: str, categories: Sequence[str], label: str) -> Figure:
    """A stimulus, what one draw leaves of it, and its reconstruction under the prompt of each category.

    Parameters
    ----------
    example_images : xarray.Dataset
        The store `examples/<observer>.zarr`.
    name : str
        The stimulus.
    categories : sequence of str
        The categories to show; the store has the readings of ambiguous images, too.
    label : str
        The observer's label.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When the store does not have the image.
    """
    one = example_images.isel(image=position(example_images, name)).sel(category=list(categories))
    given = {f"stimulus\n{name.rpartition('.')[0]}": one["stimulus"].values, noised_title(one): one["noised"].values}
    return reconstruction_grid(given, one["reconstruction"].values, one["distance"].values, categories, title=label)


def position(example_images: xr.Dataset, name: str) -> int:
    """The position of an image in a store."""
    names = example_images["name"].values.tolist()
    if name not in names:
        raise InputError(f"no image {name!r} among the example images, {', '.join(names)}")
    return names.index(name)


def noised_title(example_image: xr.Dataset) -> str:
    """What one draw did to an image, in words: noise has a time, a mask has none."""
    time, sigma = example_image["time"].item(), example_image["sigma"].item()
    return f"masked\n{sigma:.0%} hidden" if np.isnan(time) else f"noised\nt = {time:.2f}"


@paper()
def ambiguous_images(
    images: xr.Dataset,
    readings: Mapping[str, Sequence[str]],
    example_images: Mapping[str, xr.Dataset],
    labels: Mapping[str, str],
) -> Figure:
    """Ambiguous images, and below each what observers reconstruct under the prompts of its two readings.

    Parameters
    ----------
    images : xarray.Dataset
        The store `stimuli/ambiguous_images.zarr`.
    readings : dict of str to sequence of str
        The two readings of each image.
    example_images : dict of str to xarray.Dataset
        The stores `examples/<observer>.zarr` by observer.
    labels : dict of str to str
        The observers' labels.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is no observer, or an image is missing.
    """
    if not example_images:
        raise InputError("no observer to show, expected one that reconstructs images")
    side = _largest_side(len(readings))
    original, step = ORIGINAL * side, side + 2 * TEXT + GAP
    figure = empty_page(TEXT + original + GAP + len(example_images) * step)
    for number, (name, pair) in enumerate(readings.items()):
        left, top = NAMES + number * (2 * side + GAP + BETWEEN), TEXT
        image = images["image"].values[position(images, name)]
        show_image(figure, left + side + (GAP - original) / 2, top, original, image, " or ".join(pair) + "?")
        top += original + GAP + TEXT
        for row, (observer, store) in enumerate(example_images.items()):
            one = store.isel(image=position(store, name)).sel(category=list(pair))
            first, _ = _show_pair(figure, left, top + row * step, side, one)
            if number == 0:
                text = "\n".join(wrap(labels[observer], LINE_LENGTH, break_on_hyphens=False))
                first.set_ylabel(text, fontsize=6.5, fontweight="bold", labelpad=4)
    return figure


def _largest_side(count):
    """The side of a reconstruction in inches, so that pairs for as many images fit side by side on a page."""
    pair = (DOUBLE - NAMES - GAP / 2 - BETWEEN * (count - 1)) / count
    return min(LARGEST, (pair - GAP) / 2)


def _show_pair(figure, left, top, side, example_image):
    """Show both reconstructions of an image side by side, with the nearer one marked."""
    nearest = int(np.argmin(example_image["distance"].values))
    panels = []
    for column, reading in enumerate(example_image["category"].values):
        image = example_image["reconstruction"].values[column]
        panels.append(show_image(figure, left + column * (side + GAP), top, side, image, reading))
        write_distance(panels[-1], example_image["distance"].values[column], column == nearest)
    return panels
