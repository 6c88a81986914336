"""Number of files and of bytes of an evidence store that does not exist yet."""

from math import ceil, prod
from typing import NamedTuple

import numpy as np

from generative_classifiers.evidence.layout import array_layouts
from generative_classifiers.study.benchmark_names import CUE_CONFLICTS

PER_IMAGE = ("name", "image_hash", "true_category", "condition")
COORDINATES = (*PER_IMAGE, "category", "prompt", "draw", "time", "alpha", "sigma", "seed")


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


def store_size(images, shard, categories, draws, *, reconstruction, dataset, density=False):
    """Size of a complete store.

    Parameters
    ----------
    images, shard, categories, draws : int
        Numbers of images, of images in a shard, of categories and of draws.
    reconstruction : ReconstructionLayout or None
        How reconstructions are kept; None if there are none.
    dataset : str
    density : bool, optional
        Whether levels are not spread evenly, so that the store keeps the density of each.

    Returns
    -------
    StoreSize

    Examples
    --------
    >>> store_size(160, 32, 16, 64, reconstruction=None, dataset="edge")
    StoreSize(files=46, bytes=656000)
    """
    layouts, shards = array_layouts(categories, draws, reconstruction), ceil(images / shard)
    values = sum(np.dtype(one.dtype).itemsize * prod(one.dims.values()) for one in layouts.values())
    coordinates = len(COORDINATES) + (dataset in CUE_CONFLICTS) + density
    # Each array has a file of metadata, each coordinate one more; each shard has its part of the manifest and a note of
    # its provenance; the root has its metadata and the manifest's first part.
    files = len(layouts) * (1 + shards) + 2 * coordinates + 2 * shards + 2
    return StoreSize(files, images * values)
