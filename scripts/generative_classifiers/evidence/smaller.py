"""Evidence without its reconstructions: the store of a smaller request, which is made without evaluating anything."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import zarr

from generative_classifiers.evidence.cache import entry_path
from generative_classifiers.evidence.entry import PROVENANCE, Entry
from generative_classifiers.evidence.layout import attributes, stored_draws
from generative_classifiers.evidence.pruning import pruning_from
from generative_classifiers.evidence.request import COORDINATES, Request
from generative_classifiers.io.attributes import decode_attributes
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.reconstruction_layout import ReconstructionLayout


def request_of(entry: Entry) -> Request:
    """The request that an entry answers, from what the store says of itself.

    Raises
    ------
    InputError
        The store says something else than its manifest.
    """
    group: Any = zarr.open_group(entry.path, mode="r")
    about = decode_attributes(group.attrs)
    per_image = [name for name in ("name", "image_hash", *COORDINATES) if name in group]
    categories, prompts = _texts(group, "category"), _texts(group, "prompt")
    shared = tuple(categories) if len(set(categories)) < len(categories) else None
    request = Request(
        about["observer"],
        about["dataset"],
        {},
        {name: _texts(group, name) for name in per_image},
        dict(zip(prompts if shared else categories, prompts, strict=True)),
        stored_draws(group),
        about["reconstruct"],
        _layout(group, about["decoder"]),
        pruning_from(about["pruning"]),
        shared,
    )
    others = {*attributes(request), "coordinates"}  # the last is xarray's
    identity = {name: value for name, value in about.items() if name not in others}
    request = replace(request, identity=identity)
    if request.digest != entry.request:
        raise InputError(f"{entry.path}: its attributes and coordinates are not those of its manifest")
    return request


@dataclass(frozen=True)
class Smaller:
    """The losses of an entry, without its reconstructions.

    Attributes
    ----------
    entry : Entry
        Complete.
    request : Request
        The one without reconstructions.
    """

    entry: Entry
    request: Request

    def write(self, cache: Path) -> Path:
        """Write it as an entry of a cache; returns its place."""
        place = entry_path(cache, self.request)
        smaller = Entry.create(place, self.request, self.entry.shard)
        group: Any = zarr.open_group(self.entry.path, mode="r")
        for number, name in enumerate(self.entry.parts):
            images = self.entry.images_of(number)
            note = json.loads((self.entry.path / PROVENANCE / f"{name}.json").read_text())
            smaller.write(number, {array: group[array][images] for array in smaller.arrays}, note)
        return place


def _layout(group: Any, decoder: str | None) -> ReconstructionLayout | None:
    """How a store keeps reconstructions; None if it keeps none."""
    for name, array in group.arrays():
        if name.startswith("reconstruction"):
            lengths = zip(array.metadata.dimension_names[2:], array.shape[2:], strict=True)
            return ReconstructionLayout(name, array.dtype.name, dict(lengths), decoder)
    return None


def _texts(group: Any, name: str) -> list[str]:
    return group[name][:].astype(str).tolist()
