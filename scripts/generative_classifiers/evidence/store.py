"""Stores that a killed job goes on with: whole shards of images, and a marker for each that is complete.

A store is made beside its place, as `<store>.partial`, and moved there at the end. The marker of a shard is
the chunk file of `evaluations`, written after all else of the shard. What made the store is in the attributes
of `evaluations` and only copied to the root at the end, because Snakemake deletes a rule's output, the root's
`zarr.json`, when the job did not end well or is to run again.
"""

import shutil
from datetime import datetime
from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr
import zarr

from generative_classifiers.io.attributes import decode_attributes, encode_attributes
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.stores import ROOT_METADATA, write_arrays

MARKER = "evaluations"


def beside(store, suffix):
    """A sibling of a store."""
    return store.with_name(store.name + suffix)


def discard(store):
    """Delete a store so that a kill leaves no half of it to be taken for the whole."""
    rubbish = beside(store, ".discarded")
    shutil.rmtree(rubbish, ignore_errors=True)
    if store.exists():
        store.rename(rubbish)
        shutil.rmtree(rubbish)


def sweep(store):
    """Remove files that a kill left half-written: Zarr's temporary names end in `.partial`."""
    for leftover in [*store.rglob("*.partial")]:
        leftover.unlink()


def attributes(store):
    """What made a store, complete or not; empty if it is none."""
    if not (store / MARKER / ROOT_METADATA).is_file():
        return {}
    return decode_attributes(zarr.open_array(store / MARKER, mode="r").attrs)


class ResumableStore:
    """Arrays of evidence over images, filled shard by shard.

    Parameters
    ----------
    store : Path
        Where the complete store will be.
    images, shard, draws : int
        Number of images, of images in a shard, and of draws.
    made_by : dict
        Attributes. Only stores of the same `fingerprint` are gone on with, or taken evidence from.

    Attributes
    ----------
    finished : bool
        The complete store is in its place: there is nothing to do.
    shards : list of slice
        Over images.

    Raises
    ------
    InputError
        The place is taken by something that is not evidence.
    """

    def __init__(self, store, images, shard, draws, made_by):
        self.store = Path(store)
        self.path = beside(self.store, ".partial")
        self.older = beside(self.store, ".older")
        self.made_by = made_by | {"draws": draws}
        self.images, self.shard = images, shard
        self.shards = [slice(start, min(start + shard, images)) for start in range(0, images, shard)]
        empty = self.store.is_dir() and not any(self.store.iterdir())
        if self.store.exists() and not empty and not attributes(self.store):
            raise InputError(f"{self.store}: exists and is not a store of evidence, so it is not replaced")
        self.finished = self._same(self.store) and (self.store / ROOT_METADATA).is_file()
        self._settle()

    def _fits(self, store):
        return attributes(store).get("fingerprint") == self.made_by["fingerprint"]

    def _same(self, store):
        return self._fits(store) and attributes(store)["draws"] == self.made_by["draws"]

    def _settle(self):
        """Find what there is of this store already, and put the rest out of the way."""
        shutil.rmtree(beside(self.store, ".discarded"), ignore_errors=True)
        for place in (self.path, self.older):
            if not self._fits(place):
                discard(place)
        if self.finished:
            discard(self.older)
            return
        if self._same(self.store):  # killed, or its root deleted, after it was complete
            discard(self.path)
            self.store.rename(self.path)
        elif self.path.exists() and not self._same(self.path):
            discard(self.older)
            self.path.rename(self.older)
        self.sources = [source for source in (self.store, self.older) if self._fits(source)]
        sweep(self.path)
        (self.path / ROOT_METADATA).unlink(missing_ok=True)  # its copy of all metadata may be out of date

    def create(self, arrays):
        """Create the arrays, unless the store is gone on with.

        Parameters
        ----------
        arrays : dict
            By name: data type, fill value, lengths by dim of one image, and whether each image is a chunk of
            its own inside the shard's file.
        """
        self.names = tuple(arrays)
        group = zarr.open_group(self.path, mode="a", zarr_format=3)
        if attributes(self.path):
            return
        for name, (dtype, fill, dims, apart) in arrays.items():
            self._create(group, name, dtype, fill, dims, apart)
        self._create(group, MARKER, "int32", 0, {}, False, attributes=encode_attributes(self.made_by))

    def _create(self, group, name, dtype, fill, dims, apart, attributes=None):
        lengths = tuple(dims.values())
        whole, one = (self.shard, *lengths), (1, *lengths)
        group.create_array(
            name,
            shape=(self.images, *lengths),
            chunks=one if apart else whole,
            shards=whole if apart else None,
            dtype=dtype,
            fill_value=fill,
            dimension_names=("image", *dims),
            attributes=attributes,
            config={"write_empty_chunks": True},
        )

    def done(self, shard):
        """Whether a shard, by its number, is complete."""
        return self._marked(self.path, shard)

    @staticmethod
    def _marked(store, shard):
        return (store / MARKER / "c" / str(shard)).is_file()

    def inherited(self, shard):
        """Arrays by name that a store of fewer or more draws has for a shard; empty if there is none."""
        for source in self.sources:
            if self._marked(source, shard):
                part = self.shards[shard]
                return {name: zarr.open_array(source / name, mode="r")[part] for name in self.names}
        return {}

    def write(self, shard, evaluations, **arrays):
        """Write a shard: its arrays, then what was spent on each of its images, which marks it complete."""
        part = self.shards[shard]
        for name, values in arrays.items():
            self._open(name)[part] = values
        self._open(MARKER)[part] = evaluations

    def note(self, **attributes):
        """Add attributes to those that say what made the store."""
        self._open(MARKER).attrs.update(encode_attributes(attributes))

    def _open(self, name):
        return zarr.open_array(self.path / name, mode="r+", config={"write_empty_chunks": True})

    def finish(self, coords):
        """Write coordinates and attributes, and move the store to its place.

        Parameters
        ----------
        coords : dict
            As xarray takes them.
        """
        dataset = xr.Dataset(coords=coords).assign_attrs(attributes(self.path))
        write_arrays(dataset, self.path, "a")
        discard(self.store)
        self.path.rename(self.store)
        discard(self.older)


class Progress(NamedTuple):
    """How far a store of evidence has come.

    Attributes
    ----------
    images, shards : int
        Of the whole store.
    done : int
        Shards that are complete.
    spent : numpy.ndarray
        int32 (image,): evaluations of the images of complete shards.
    exhaustive : int
        Evaluations of an image without pruning.
    changed : datetime.datetime or None
        When the last of them was completed, in local time.
    """

    images: int
    shards: int
    done: int
    spent: np.ndarray
    exhaustive: int
    changed: datetime | None


def progress(store):
    """How far a store has come, complete or not: only reads.

    Parameters
    ----------
    store : Path
        A folder with the arrays of a `ResumableStore`, often `<store>.partial`.

    Returns
    -------
    Progress
    """
    marker, loss = (zarr.open_array(store / name, mode="r") for name in (MARKER, "loss"))
    (images,), (shard,) = marker.shape, marker.chunks
    shards = [slice(start, start + shard) for start in range(0, images, shard)]
    marks = [store / MARKER / "c" / str(number) for number in range(len(shards))]
    done = [part for part, mark in zip(shards, marks, strict=True) if mark.is_file()]
    spent = np.concatenate([np.zeros(0, np.int32), *(marker[part] for part in done)])
    times = [mark.stat().st_mtime for mark in marks if mark.is_file()]
    changed = datetime.fromtimestamp(max(times)) if times else None
    return Progress(images, len(shards), len(done), spent, prod(loss.shape[1:]), changed)
