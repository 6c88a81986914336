"""Ambiguous images as stimuli: downloaded ones as they are, others drawn."""

from io import BytesIO

import numpy as np
import resvg_py
import xarray as xr

from generative_classifiers.io.errors import InputError
from generative_classifiers.stimuli.images import read
from generative_classifiers.stimuli.miniature.superimposed import superimpose

SIZE = 512  # pixels along a side, what the largest models see


def ambiguous_images(rows, files, world=None):
    """Read or draw ambiguous images.

    Parameters
    ----------
    rows : dict of str to study.ambiguous_images.AmbiguousImage
    files : dict of str to Path
        Of those that are downloaded: PNG, JPEG or SVG.
    world : study.settings.World, optional
        The images are of its size then.

    Returns
    -------
    xarray.Dataset
        As `stimuli/<dataset>.zarr`, of one condition, `all`; the category, which is the question, is ''.

    Raises
    ------
    InputError
        That names a file which is not a readable image.
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
        return read(path, size)
    try:
        # Twice as wide: the central square of a wide image is large enough, too. Fonts are other ones elsewhere.
        png = resvg_py.svg_to_bytes(svg_path=str(path), width=2 * size, background="white", skip_system_fonts=True)
    except ValueError as error:
        raise InputError(f"{path}: not a readable image ({error})") from error
    return read(BytesIO(png), size)
