"""Number of files and of bytes of an evidence store that does not exist yet."""

from math import ceil, prod
from typing import NamedTuple

import numpy as np

from generative_classifiers.evidence.layout import array_layouts
from generative_classifiers.evidence.store import MARKER, MARKER_LAYOUT
from generative_classifiers.study.benchmark_names import CUE_CONFLICT

# Coordinates of draws that are defined, by family; NaN is Zarr's fill value, so it has no file.
DEFINED = {"diffusion": ("time", "alpha", "sigma"), "masked": ("alpha", "sigma")}
COORDINATES_OF_DRAWS = ("time", "alpha", "sigma", "seed")


class StoreSize(NamedTuple):
    """Size of a store.

    Attributes
    ----------
    files : int
    bytes : int
        Of the arrays before compression, coordinates aside.
    """

    files: int
    bytes: int


def store_size(images, shard, categories, draws, *, side, dataset, family, seed):
    """Size of a complete store.

    Parameters
    ----------
    images, shard, categories, draws : int
        Numbers of images, of images in a shard, of categories and of draws.
    side : int or None
        Pixels along a side of the reconstructions; None if there are none.
    dataset, family : str
    seed : int

    Returns
    -------
    StoreSize

    Examples
    --------
    >>> store_size(160, 32, 16, 64, side=None, dataset="edge", family="diffusion", seed=0)
    StoreSize(files=28, bytes=656000)
    """
    layouts = array_layouts(categories, draws, side) | {MARKER: MARKER_LAYOUT}
    values = sum(np.dtype(one.dtype).itemsize * prod(one.dims.values()) for one in layouts.values())
    files_of_array = 1 + ceil(images / shard)  # metadata, and one file per shard
    root = 1
    files = root + len(layouts) * files_of_array + _files_of_coordinates(dataset, family, seed)
    return StoreSize(files, images * values)


def _files_of_coordinates(dataset, family, seed):
    """Each coordinate has a file of metadata, and a file of values if they differ from the fill value."""
    texts = ["name", "true_category", "condition", "category"]
    texts += ["texture_category"] if dataset == CUE_CONFLICT else []
    numbers = [*DEFINED.get(family, ())]
    numbers += ["seed"] if seed != 0 else []
    metadata = len(texts) + len(COORDINATES_OF_DRAWS)
    return metadata + len(texts) + len(numbers)
