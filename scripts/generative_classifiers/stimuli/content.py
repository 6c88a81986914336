"""What stimuli are recognised by: checksums of their pixels."""

import hashlib
import json

import numpy as np
import xarray as xr


def image_hashes(images: xr.DataArray) -> list[str]:
    """SHA-256 of each image's shape and pixels.

    Parameters
    ----------
    images : xarray.DataArray
        uint8 (image, y, x, channel).

    Returns
    -------
    list of str
        Hexadecimal.
    """
    shape = repr(images.shape[1:]).encode()
    return [hashlib.sha256(shape + np.ascontiguousarray(image).tobytes()).hexdigest() for image in images.values]


def content_hash(stimuli: xr.Dataset) -> str:
    """SHA-256 of all that stimuli contain: pixels and coordinates.

    Parameters
    ----------
    stimuli : xarray.Dataset

    Returns
    -------
    str
        Hexadecimal.
    """
    # xarray counts the images among the coordinates, because the variable has the name of its dimension.
    names = sorted(str(name) for name in stimuli.variables if name != "image")
    coords = {name: [str(value) for value in stimuli[name].values] for name in names}
    return hashlib.sha256(json.dumps([coords, image_hashes(stimuli["image"])]).encode()).hexdigest()
