"""How far a store of evidence has come, read from its files."""

from datetime import datetime
from math import prod
from typing import NamedTuple

import numpy as np
import zarr

from generative_classifiers.evidence.store import MARKER, marker_file


class Progress(NamedTuple):
    """How far a store of evidence has come.

    Attributes
    ----------
    images, shards : int
        Numbers of images and of shards of the whole store.
    complete : int
        Number of complete shards.
    evaluations : numpy.ndarray
        int32 (image,): evaluations of each image of the complete shards.
    exhaustive : int
        Evaluations of an image without pruning.
    changed : datetime.datetime or None
        When the last shard was completed, in local time; None if none is complete.
    """

    images: int
    shards: int
    complete: int
    evaluations: np.ndarray
    exhaustive: int
    changed: datetime | None


def progress(store):
    """Find out how far a store has come, complete or not. Nothing is changed.

    Parameters
    ----------
    store : Path
        A folder with the arrays of a `ResumableStore`, often `<store>.partial`.

    Returns
    -------
    Progress
    """
    marker = zarr.open_array(store / MARKER, mode="r")
    loss = zarr.open_array(store / "loss", mode="r")
    (images,), (length,) = marker.shape, marker.chunks
    shards = -(-images // length)
    complete = [shard for shard in range(shards) if marker_file(store, shard).is_file()]
    evaluations = [marker[shard * length : (shard + 1) * length] for shard in complete]
    times = [marker_file(store, shard).stat().st_mtime for shard in complete]
    return Progress(
        images=images,
        shards=shards,
        complete=len(complete),
        evaluations=np.concatenate([np.zeros(0, np.int32), *evaluations]),
        exhaustive=prod(loss.shape[1:]),
        changed=datetime.fromtimestamp(max(times)) if times else None,
    )
