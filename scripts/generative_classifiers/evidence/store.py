"""Evidence stores that survive interruptions: an interrupted job loses one shard at most.

A store is filled shard by shard under another name, `<store>.partial`, and renamed when it is complete. The marker of a
complete shard is its chunk of the array `evaluations`, which is written after all other arrays. The attributes that say
how the store was made belong to `evaluations`, too. They are copied to the root only at the end: Snakemake deletes the
root's `zarr.json`, which is the rule's output, after a failure and before a new run.
"""

import shutil
from pathlib import Path

import xarray as xr
import zarr

from generative_classifiers.evidence.layout import ArrayLayout
from generative_classifiers.io.attributes import decode_attributes, encode_attributes
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.stores import ROOT_METADATA, write_arrays

MARKER = "evaluations"
MARKER_LAYOUT = ArrayLayout("int32", 0, {}, chunk_per_image=False)


def sibling(store, suffix):
    """The path of a store with something added to its name."""
    return store.with_name(store.name + suffix)


def discard(store):
    """Delete a store. It is renamed first, so that an interruption leaves no half of it under its name."""
    rubbish = sibling(store, ".discarded")
    shutil.rmtree(rubbish, ignore_errors=True)
    if store.exists():
        store.rename(rubbish)
        shutil.rmtree(rubbish)


def sweep(store):
    """Remove files that an interruption left half-written: Zarr's temporary names end in `.partial`."""
    for leftover in [*store.rglob("*.partial")]:
        leftover.unlink()


def attributes(store):
    """The attributes that say how a store was made, complete or not; empty if it is no store of evidence."""
    if not (store / MARKER / ROOT_METADATA).is_file():
        return {}
    return decode_attributes(zarr.open_array(store / MARKER, mode="r").attrs)


def marker_file(store, shard):
    """The file that marks a shard, given by its number, as complete."""
    return store / MARKER / "c" / str(shard)


class ResumableStore:
    """Arrays of evidence, filled shard by shard.

    Parameters
    ----------
    store : Path
        Where the complete store will be.
    images, shard, draws : int
        Number of images, of images in a shard, and of draws.
    made_by : dict
        Attributes. A store is only continued, or its evidence used again, if it has the same `fingerprint`.

    Attributes
    ----------
    finished : bool
        Whether the complete store is in its place, so that there is nothing to do.
    shards : list of slice
        The images of each shard.

    Raises
    ------
    InputError
        Something else than evidence is in the place of the store.
    """

    def __init__(self, store, images, shard, draws, made_by):
        self.store = Path(store)
        self.path = sibling(self.store, ".partial")
        self.older = sibling(self.store, ".older")
        self.made_by = made_by | {"draws": draws}
        self.images, self.shard = images, shard
        self.shards = [slice(start, min(start + shard, images)) for start in range(0, images, shard)]
        empty = self.store.is_dir() and not any(self.store.iterdir())
        if self.store.exists() and not empty and not attributes(self.store):
            raise InputError(f"{self.store}: exists and is not replaced, since it is not a store of evidence")
        self.finished = self._same(self.store) and (self.store / ROOT_METADATA).is_file()
        self._settle()

    def _fits(self, store):
        """Whether a store has evidence of the same settings, perhaps with another number of draws."""
        return attributes(store).get("fingerprint") == self.made_by["fingerprint"]

    def _same(self, store):
        """Whether a store has the same settings and the same number of draws."""
        return self._fits(store) and attributes(store)["draws"] == self.made_by["draws"]

    def _settle(self):
        """Sort out what earlier jobs have left.

        A store with the same number of draws is continued as `<store>.partial`. Stores with another number of draws are
        kept as sources until the new store is complete, an unfinished one as `<store>.older`. All others are discarded,
        except for a complete one in the store's place, which stays until the new one is complete.
        """
        shutil.rmtree(sibling(self.store, ".discarded"), ignore_errors=True)
        for place in (self.path, self.older):
            if not self._fits(place):
                discard(place)
        if self.finished:
            discard(self.older)
            return
        if self._same(self.store):  # it was complete, and its root was deleted
            discard(self.path)
            self.store.rename(self.path)
        elif self.path.exists() and not self._same(self.path):
            discard(self.older)
            self.path.rename(self.older)
        self.sources = [source for source in (self.store, self.older) if self._fits(source)]
        sweep(self.path)
        (self.path / ROOT_METADATA).unlink(missing_ok=True)  # its copy of the metadata may be outdated

    def create(self, layouts):
        """Create the arrays, unless an earlier job has done so.

        Parameters
        ----------
        layouts : dict of str to layout.ArrayLayout
            By the names of the arrays.
        """
        self.names = tuple(layouts)
        group = zarr.open_group(self.path, mode="a", zarr_format=3)
        if attributes(self.path):
            return
        for name, layout in layouts.items():
            self._create(group, name, layout)
        self._create(group, MARKER, MARKER_LAYOUT, attributes=encode_attributes(self.made_by))

    def _create(self, group, name, layout, attributes=None):
        lengths = tuple(layout.dims.values())
        whole, one = (self.shard, *lengths), (1, *lengths)
        group.create_array(
            name,
            shape=(self.images, *lengths),
            chunks=one if layout.chunk_per_image else whole,
            shards=whole if layout.chunk_per_image else None,
            dtype=layout.dtype,
            fill_value=layout.fill,
            dimension_names=("image", *layout.dims),
            attributes=attributes,
            config={"write_empty_chunks": True},
        )

    @property
    def missing(self):
        """Numbers of the shards that are not complete."""
        return [shard for shard in range(len(self.shards)) if not marker_file(self.path, shard).is_file()]

    def inherited(self, shard):
        """Arrays by name that a store with fewer or more draws has for a shard; empty if there is none."""
        for source in self.sources:
            if marker_file(source, shard).is_file():
                part = self.shards[shard]
                return {name: zarr.open_array(source / name, mode="r")[part] for name in self.names}
        return {}

    def write(self, shard, evaluations, **arrays):
        """Write the arrays of a shard, then the number of evaluations of each image, which marks it as complete."""
        part = self.shards[shard]
        for name, values in arrays.items():
            self._open(name)[part] = values
        self._open(MARKER)[part] = evaluations

    def note(self, **attributes):
        """Add attributes to those that say how the store was made."""
        self._open(MARKER).attrs.update(encode_attributes(attributes))

    def _open(self, name):
        return zarr.open_array(self.path / name, mode="r+", config={"write_empty_chunks": True})

    def finish(self, coords):
        """Write coordinates and attributes, and give the store its name.

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
