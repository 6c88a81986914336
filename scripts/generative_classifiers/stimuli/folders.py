"""Stimuli from any folder of images."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import xarray as xr

from generative_classifiers.io.errors import InputError
from generative_classifiers.stimuli.square_images import read_image


def image_names(folder):
    """Names of the images in a folder and its sub-folders.

    Parameters
    ----------
    folder : Path
        Every file counts as an image, except hidden files and those in hidden folders, whose names begin with a dot.

    Returns
    -------
    list of str
        Paths relative to the folder, sorted.

    Raises
    ------
    InputError
        The folder is missing or empty.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of images")
    paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    names = sorted(path.as_posix() for path in paths if not any(part.startswith(".") for part in path.parts))
    if not names:
        raise InputError(f"{folder}: contains no images")
    return names


def first_names(names, limit=None):
    """The first names of each folder.

    Parameters
    ----------
    names : sequence of str
        Paths, sorted.
    limit : int, optional
        How many; all without it.

    Returns
    -------
    list of str

    Examples
    --------
    >>> first_names(["cat/1.png", "cat/2.png", "dog/1.png"], 1)
    ['cat/1.png', 'dog/1.png']
    """
    folders = defaultdict(list)
    for name in names:
        folders[Path(name).parent].append(name)
    return sorted(name for members in folders.values() for name in members[:limit])


def read_folder(folder, resolution, categories=(), limit=None):
    """Read all images of a folder.

    Parameters
    ----------
    folder : Path
        As for `image_names`.
    resolution : int
        Pixels along a side to which the central square of each image is resized.
    categories : sequence of str
        An image in a folder with the name of a category belongs to that category.
    limit : int, optional
        Images of each folder: the first by name. By default all.

    Returns
    -------
    xarray.Dataset
        As `stimuli/<dataset>.zarr`: `image` uint8 (image, y, x, channel), sorted by `name`, which is the path relative
        to the folder; the only condition is `all`; `category` is '' if it is unknown.

    Raises
    ------
    InputError
        The folder is missing or empty, or one of its files is not an image.
    """
    names = first_names(image_names(folder), limit)
    images = np.stack([read_image(Path(folder) / name, resolution) for name in names])
    parents = [Path(name).parent.name for name in names]
    return xr.Dataset(
        {"image": (("image", "y", "x", "channel"), images)},
        coords={
            "name": ("image", np.array(names, object)),
            "category": ("image", np.array([name if name in categories else "" for name in parents], object)),
            "condition": ("image", np.full(len(names), "all", object)),
        },
    )
