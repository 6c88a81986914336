"""Ambiguous images as stimuli: downloaded, or two drawings of the miniature's world on top of each other."""

from io import BytesIO

import numpy as np
import resvg_py
import xarray as xr

from generative_classifiers.io.errors import InputError
from generative_classifiers.stimuli.miniature.superimposed import superimpose
from generative_classifiers.stimuli.square_images import read_image

SIZE = 512  # pixels along a side: the resolution of the largest models


def ambiguous_images(rows, files, world=None):
    """Read downloaded ambiguous images, and render the others.

    Parameters
    ----------
    rows : dict of str to study.ambiguous_images.AmbiguousImage
        By name.
    files : dict of str to Path
        The downloaded files by name: PNG, JPEG or SVG.
    world : study.settings.World, optional
        The images are of its size; without it, of 512 pixels.

    Returns
    -------
    xarray.Dataset
        As `stimuli/<dataset>.zarr`, with the only condition `all`. The category is '', since it is ambiguous.

    Raises
    ------
    InputError
        A file is not an image that can be read.
    """
    size = world.size if world else SIZE
    images = [
        _read(files[name], size) if name in files else superimpose(name, row.drawings, world)
        for name, row in rows.items()
    ]
    texts = {"name": list(rows), "category": [""] * len(rows), "condition": ["all"] * len(rows)}
    coords = {key: ("image", np.array(values, object)) for key, values in texts.items()}
    return xr.Dataset({"image": (("image", "y", "x", "channel"), np.stack(images))}, coords)


def _read(path, size):
    if path.suffix.lower() != ".svg":
        return read_image(path, size)
    try:
        # Twice as wide, so that the central square of a wide image has enough pixels. Fonts differ between systems.
        png = resvg_py.svg_to_bytes(svg_path=str(path), width=2 * size, background="white", skip_system_fonts=True)
    except ValueError as error:
        raise InputError(f"{path}: not a readable image ({error})") from error
    return read_image(BytesIO(png), size, name=path)
