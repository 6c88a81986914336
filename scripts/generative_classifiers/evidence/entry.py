"""Entries: stores of evidence that jobs fill shard by shard, side by side.

All axes of an entry are fixed when it is created, so the files of a shard belong to the job that has its number. A
shard is complete once its part of the manifest exists, which is written after the shard's files have reached the disk.
How a shard was evaluated (batch size, device, versions) is noted in `provenance/`, outside of what the manifest covers.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from generative_classifiers.evidence.layout import ArrayLayout, coordinates, layouts_of
from generative_classifiers.evidence.request import Request
from generative_classifiers.io import manifest
from generative_classifiers.io.atomic import atomic_write
from generative_classifiers.io.durable import partial_of, remove_leftovers
from generative_classifiers.io.errors import InputError, writing
from generative_classifiers.io.stores import CODECS, write_arrays

PROVENANCE = "provenance"


class Entry:
    """A store of evidence, complete or not.

    Parameters
    ----------
    path : Path
        Of a store that `create` made.

    Attributes
    ----------
    path : Path
    identity, request : str
        Digests of the request that it answers: `Request.identity_digest`, `Request.digest`.
    images, shard : int
        Numbers of images, and of images in a shard.
    arrays : list of str
        Names of the arrays that are filled shard by shard.
    parts : list of str
        Names of the shards in the manifest.

    Raises
    ------
    InputError
        There is no such store.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        about = manifest.read_part(self.path)
        if "request" not in about:
            raise InputError(f"{path}: is not a store of evidence")
        self.identity, self.request = about["identity"], about["request"]
        self.images, self.shard, self.arrays, self.parts = (
            about[key] for key in ("images", "shard", "arrays", "parts")
        )

    @classmethod
    def create(cls, path: Path, request: Request, shard: int) -> "Entry":
        """Create an entry, or open the one that is there.

        Parameters
        ----------
        path : Path
        request : Request
        shard : int
            Images that are evaluated and written at once. An entry that is there keeps its own.

        Raises
        ------
        InputError
            The place is taken by something else.
        """
        path = Path(path)
        if shard < 1:
            raise InputError(f"{request.title}: expected at least 1 image in a shard, found {shard}")
        with writing(path):
            remove_leftovers(path)
            if is_free(path):
                partial = _skeleton(path, request, shard)
                try:
                    partial.rename(path)
                except OSError:  # another job was faster: its entry is the same
                    shutil.rmtree(partial)
            if asked_for(path) == request.digest:
                _restore(path, request, shard)
        try:
            entry = cls(path)
        except InputError as error:
            raise InputError(f"{path}: exists and is not replaced ({error})") from None
        if entry.request != request.digest:
            raise InputError(f"{path}: exists and is not replaced, since it is not the evidence that is asked for")
        return entry

    def images_of(self, number: int) -> slice:
        """The images of a shard."""
        return slice(number * self.shard, min((number + 1) * self.shard, self.images))

    def complete(self, number: int) -> bool:
        """Whether a shard is complete and its files are unchanged."""
        name = self.parts[number]
        try:
            return not manifest.faults(self.path, name)
        except InputError:
            return False

    def begun(self) -> bool:
        """Whether any shard is complete."""
        return any(manifest.part_path(self.path, name).is_file() for name in self.parts)

    def shards_of(self, share: tuple[int, int]) -> list[int]:
        """The shards of a share.

        Parameters
        ----------
        share : tuple of int
            Which share of the shards, counted from 0, and how many shares there are.
        """
        number, shares = share
        return np.array_split(np.arange(len(self.parts)), shares)[number].tolist()

    def images_of_share(self, share: tuple[int, int]) -> slice:
        """The images of a share."""
        shards = self.shards_of(share)
        return slice(shards[0] * self.shard, min((shards[-1] + 1) * self.shard, self.images)) if shards else slice(0)

    def missing(self, share: tuple[int, int] = (0, 1)) -> list[int]:
        """Shards of a share that are not complete, or whose files are damaged."""
        return [shard for shard in self.shards_of(share) if not self.complete(shard)]

    def write(self, number: int, arrays: dict[str, np.ndarray], provenance: dict[str, Any]) -> None:
        """Write a shard.

        Parameters
        ----------
        number : int
        arrays : dict of str to numpy.ndarray
            By name, for the shard's images.
        provenance : dict
            How they were computed, as JSON can hold it.

        Raises
        ------
        InputError
            The disk is full, or does not take the shard for another reason.
        """
        name, images = self.parts[number], self.images_of(number)
        with writing(self.path):
            manifest.part_path(self.path, name).unlink(missing_ok=True)
            for array in self.arrays:
                stored = zarr.open_array(self.path / array, mode="r+", config={"write_empty_chunks": True})
                stored[images] = arrays[array]
            note = self.path / PROVENANCE / f"{name}.json"
            note.parent.mkdir(exist_ok=True)
            with atomic_write(note) as partial:
                partial.write_text(json.dumps(provenance, indent=1, sort_keys=True) + "\n")
            manifest.write_part(self.path, name, self._files(number))

    def sweep(self, number: int) -> None:
        """Remove what an interrupted job has left of a shard's unfinished files. No other job may have the shard."""
        for array in self.arrays:
            folder = self.path / array / "c"
            leftovers = [*folder.glob(f"{number}.*.partial"), *(folder / str(number)).rglob("*.partial")]
            for leftover in leftovers:
                leftover.unlink()
        for folder in (manifest.FOLDER, PROVENANCE):
            for leftover in (self.path / folder).glob(f"{self.parts[number]}.*.partial"):
                leftover.unlink()

    def provenance(self) -> list[dict[str, Any]]:
        """How the shards were computed that have been written so far."""
        return [_note(path) for path in sorted((self.path / PROVENANCE).glob("*.json"))]

    def _files(self, number: int) -> list[Path]:
        """The shard's files: of each array the chunks with its number along the images."""
        return [file for array in self.arrays for file in _chunks(self.path / array, number)]


def is_free(path: Path) -> bool:
    """Whether nothing is at a path, or only an empty folder."""
    return not path.exists() or (path.is_dir() and not any(path.iterdir()))


def _note(path: Path) -> dict[str, Any]:
    """How a shard was computed; InputError if its note cannot be read."""
    note = _json(path)
    if not note:
        raise InputError(f"{path}: was changed; delete it, since only the record of how a shard was computed is lost")
    return note


def asked_for(path: Path) -> str | None:
    """The request that an entry answers, by its manifest or by its root; None if both are damaged."""
    try:
        return manifest.read_part(path)["request"]
    except (InputError, KeyError):
        return _json(path / manifest.ROOT_METADATA).get("attributes", {}).get("request")


def _restore(path: Path, request: Request, shard: int) -> None:
    """Write damaged coordinates and metadata again, which follow from the request."""
    try:
        if not manifest.faults(path, manifest.STATIC):
            return
        shard = manifest.read_part(path)["shard"]
    except InputError:  # of the manifest itself
        grid = _json(path / "evaluations" / "zarr.json").get("chunk_grid", {})
        (shard,) = grid.get("configuration", {}).get("chunk_shape", [shard])
    partial = _skeleton(path, request, shard)
    part = manifest.part_path(partial, manifest.STATIC).relative_to(partial)
    for file in [*manifest.read_part(partial)["files"], part]:
        (path / file).parent.mkdir(parents=True, exist_ok=True)
        (partial / file).replace(path / file)
    shutil.rmtree(partial)


def _json(path: Path) -> dict[str, Any]:
    """The content of a JSON file; empty if it cannot be read."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _chunks(array: Path, number: int) -> list[Path]:
    """The files of an array's chunks with a number along the first axis."""
    first = array / "c" / str(number)
    return [first] if first.is_file() else [path for path in first.rglob("*") if path.is_file()]


def _skeleton(path: Path, request: Request, shard: int) -> Path:
    """A store without shards, under another name: arrays without chunks, coordinates, attributes, the manifest."""
    partial = partial_of(path)
    images, shard = request.shape[0], min(shard, request.shape[0])
    layouts = layouts_of(request)
    group = zarr.open_group(partial, mode="w", zarr_format=3)
    for name, layout in layouts.items():
        _create(group, name, layout, images, shard)
    write_arrays(coordinates(request), partial, "a")
    manifest.write_part(
        partial,
        manifest.STATIC,
        [file for file in partial.rglob("*") if file.is_file()],
        parts=[f"shard-{number:06}" for number in range(-(-images // shard))],
        arrays=list(layouts),
        images=images,
        shard=shard,
        identity=request.identity_digest,
        request=request.digest,
    )
    return partial


def _create(group: zarr.Group, name: str, layout: ArrayLayout, images: int, shard: int) -> None:
    """An array whose files have the images of a shard."""
    lengths = tuple(layout.dims.values())
    whole, one = (shard, *lengths), (1, *lengths)
    group.create_array(
        name,
        shape=(images, *lengths),
        chunks=one if layout.chunk_per_image else whole,
        shards=whole if layout.chunk_per_image else None,
        dtype=layout.dtype,
        fill_value=layout.fill,
        compressors=CODECS,
        dimension_names=("image", *layout.dims),
        config={"write_empty_chunks": True},
    )
