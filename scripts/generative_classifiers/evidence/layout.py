"""What an evidence store contains: its arrays and its coordinates."""

from typing import NamedTuple

import numpy as np


class ArrayLayout(NamedTuple):
    """How the values of an array over images are stored.

    Attributes
    ----------
    dtype : str
    fill : float or int
        What Zarr gives where nothing was written.
    dims : dict of str to int
        Lengths of the dimensions of one image.
    chunk_per_image : bool
        Whether a reader can get a single image without its whole shard.
    """

    dtype: str
    fill: float
    dims: dict
    chunk_per_image: bool


def array_layouts(categories, draws, side=None):
    """The arrays of a store.

    Parameters
    ----------
    categories, draws : int
        Numbers of categories and of draws.
    side : int, optional
        Pixels along a side of the reconstructions; without it there are none.

    Returns
    -------
    dict of str to ArrayLayout
        By name.

    Examples
    --------
    >>> array_layouts(16, draws=64)["loss"].dims
    {'category': 16, 'draw': 64}
    >>> array_layouts(16, draws=64, side=512)["reconstruction"].dims
    {'category': 16, 'y': 512, 'x': 512, 'channel': 3}
    """
    per_category = {"category": categories}
    layouts = {"loss": ArrayLayout("float32", float("nan"), per_category | {"draw": draws}, chunk_per_image=False)}
    if side is not None:
        pixels = {"y": side, "x": side, "channel": 3}
        layouts["reconstruction"] = ArrayLayout("uint8", 0, per_category | pixels, chunk_per_image=True)
    return layouts


def coordinates(stimuli, categories, draws):
    """The coordinates of a store.

    Parameters
    ----------
    stimuli : xarray.Dataset
    categories : sequence of str
        Those that the model chooses from.
    draws : Draws

    Returns
    -------
    dict
        As xarray takes them. `category` has the categories to choose from, and `true_category` that of the image.
    """
    names = {"category": "true_category", "name": "name", "condition": "condition"}
    if "texture_category" in stimuli.coords:
        names["texture_category"] = "texture_category"
    per_image = {new: ("image", stimuli[old].values.astype(object)) for old, new in names.items()}
    per_draw = {name: ("draw", getattr(draws, name)) for name in ("time", "alpha", "sigma", "seed")}
    return per_image | per_draw | {"category": np.array(categories, dtype=object)}


def as_strings(coordinate):
    """The values of a text coordinate as a list of str, whichever of numpy's types for text it has."""
    return [str(value) for value in coordinate.values]
