"""Stimuli from any folder of images."""

from pathlib import Path

import numpy as np
import xarray as xr

from generative_classifiers.stimuli.image_names import first_names, image_names
from generative_classifiers.stimuli.square_images import read_image


def read_folder(folder, resolution, categories=(), limit=None):
    """Read all images of a folder. Files that are not images are skipped, with a note on stderr.

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
        As `image_names`, or one of the images cannot be read.
    """
    names = first_names(image_names(folder, note=True), limit)
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
