"""How far a store of evidence has come, read from its files."""

from datetime import datetime
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import zarr

from generative_classifiers.evidence.entry import Entry
from generative_classifiers.io.manifest import part_path


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


def progress(store: Path) -> Progress:
    """Find out how far a store has come, complete or not. Nothing is changed.

    Parameters
    ----------
    store : Path
        An entry.

    Returns
    -------
    Progress
    """
    entry = Entry(store)
    group: Any = zarr.open_group(store, mode="r")
    complete = [number for number in range(len(entry.parts)) if entry.complete(number)]
    times = [part_path(store, entry.parts[number]).stat().st_mtime for number in complete]
    spent = [group["evaluations"][entry.images_of(number)] for number in complete]
    return Progress(
        images=entry.images,
        shards=len(entry.parts),
        complete=len(complete),
        evaluations=np.concatenate([np.zeros(0, np.int32), *spent]),
        exhaustive=prod(group["loss"].shape[1:]),
        changed=datetime.fromtimestamp(max(times)) if times else None,
    )
