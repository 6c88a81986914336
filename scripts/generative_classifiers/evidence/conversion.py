"""Evidence in the format before the cache: a store in the study's folder, filled under the name `<store>.partial`.

It is read as a source of known losses, so that nothing is evaluated again, and then set aside.
"""

import hashlib
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr

from generative_classifiers.evidence.known import Source
from generative_classifiers.evidence.request import Request, as_strings
from generative_classifiers.io.attributes import decode_attributes
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.manifest import FOLDER

SUFFIXES = ("", ".partial", ".older")  # names under which such a store may be, complete or not
MARKER = "evaluations"  # its chunk marked a shard as complete
SET_ASIDE = ".converted"
LOSS_VERSION = 1  # of all evidence in that format, which did not say so


def earlier_sources(store: Path, request: Request, stimuli: xr.Dataset) -> list[Source]:
    """What evidence in the earlier format knows. It is set aside: renamed to `<name>.converted`.

    Parameters
    ----------
    store : Path
        Where it was: `data/<study>/evidence/<observer>/<dataset>.zarr`, or the store of a single run.
    request : Request
        What is asked for.
    stimuli : xarray.Dataset
        Those of the request.
    """
    for place in _earlier_stores(store):
        with suppress(FileNotFoundError):  # another job has just done it
            place.rename(place.with_name(place.name + SET_ASIDE))
            print(f"{place}: has an earlier format, so it is now {place.name + SET_ASIDE}", file=sys.stderr)
    found = [_source(place, request, stimuli) for place in sorted(store.parent.glob(f"{store.name}*{SET_ASIDE}"))]
    return [source for source in found if source]


def refuse_others(store: Path, request: Request, stimuli: xr.Dataset) -> None:
    """Raise InputError if evidence in the earlier format is of no use for what is asked for."""
    for place in _earlier_stores(store):
        if _source(place, request, stimuli) is None:
            raise InputError(f"{place}: holds evidence of other weights, settings or images, and is not replaced")


def _earlier_stores(store: Path) -> list[Path]:
    """Stores in the earlier format, complete or not, in the place of a store of today."""
    places = [store.with_name(store.name + suffix) for suffix in SUFFIXES]
    return [
        place
        for place in places
        if not place.is_symlink() and (place / MARKER / "zarr.json").is_file() and not (place / FOLDER).exists()
    ]


def _source(store: Path, request: Request, stimuli: xr.Dataset) -> Source | None:
    """What an earlier store knows; None if it was made with other weights, settings or stimuli."""
    if request.identity.get("loss_version", LOSS_VERSION) != LOSS_VERSION:
        return None
    group: Any = zarr.open_group(store, mode="r")
    made_by = decode_attributes(group[MARKER].attrs)
    needed = {key: value for key, value in request.identity.items() if key != "loss_version"}
    same = all(_as_plain(made_by.get(key)) == _as_plain(value) for key, value in needed.items())
    if not same or made_by.get("stimuli") != _content_hash(stimuli):
        return None
    draws = min(made_by["draws"], len(request.draws))
    keys = list(zip(request.images["name"], request.images["image_hash"], strict=True))
    length = group[MARKER].chunks[0]
    complete = [place for place in range(len(keys)) if (store / MARKER / "c" / str(place // length)).is_file()]
    return Source(
        group,
        {keys[place]: place for place in complete},
        _prompts(made_by, request),
        request.draws.number[:draws].tolist(),
        made_by.get("reconstruct"),
    )


def _prompts(made_by: dict[str, Any], request: Request) -> list[str]:
    """The prompts of the store's categories, in their order. Classifiers have named only their categories."""
    return list(made_by["prompts"].values()) if "prompts" in made_by else list(made_by["categories"])


def _as_plain(value: Any) -> Any:
    """A value as it is after it was written to JSON and read again: a tuple is a list."""
    return json.loads(json.dumps(value))


def _content_hash(stimuli: xr.Dataset) -> str:
    """What the earlier format knew its stimuli by: SHA-256 of pixels and coordinates."""
    names = sorted(str(name) for name in stimuli.variables if name != "image")
    coords = {name: as_strings(stimuli[name]) for name in names}
    digest = hashlib.sha256(json.dumps([coords, dict(stimuli["image"].sizes)]).encode())
    digest.update(np.ascontiguousarray(stimuli["image"].values).data)
    return digest.hexdigest()
