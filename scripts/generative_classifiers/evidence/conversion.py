"""Evidence in the format before the cache: a store in the study's folder, filled under the name `<store>.partial`.

It is read as a source of known losses, so that nothing is evaluated again, and then set aside.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr

from generative_classifiers.evidence.known import Source
from generative_classifiers.evidence.request import Request, as_strings
from generative_classifiers.io.attributes import decode_attributes

SUFFIXES = ("", ".partial", ".older")  # names under which such a store may be, complete or not
MARKER = "evaluations"  # its chunk marked a shard as complete
SET_ASIDE = ".converted"


def earlier_stores(store: Path) -> list[Path]:
    """Evidence in the earlier format that is in the place of a study's link, complete or not.

    Parameters
    ----------
    store : Path
        `data/<study>/evidence/<observer>/<dataset>.zarr`
    """
    places = [store.with_name(store.name + suffix) for suffix in SUFFIXES]
    return [place for place in places if not place.is_symlink() and (place / MARKER / "zarr.json").is_file()]


def earlier_source(store: Path, request: Request, stimuli: xr.Dataset) -> Source | None:
    """What an earlier store knows of the losses that are asked for.

    Parameters
    ----------
    store : Path
    request : Request
    stimuli : xarray.Dataset
        Those of the request.

    Returns
    -------
    Source or None
        None if it was made with other weights, settings or stimuli.
    """
    group = zarr.open_group(store, mode="r")
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


def set_aside(store: Path) -> Path:
    """Rename a store that has been converted; returns its new place."""
    place = store.with_name(store.name + SET_ASIDE)
    store.rename(place)
    return place


def _prompts(made_by: dict[str, Any], request: Request) -> list[str]:
    """The prompts of the store's categories, in their order. Classifiers have named only their categories."""
    return list(made_by["prompts"].values()) if "prompts" in made_by else list(made_by["categories"])


def _as_plain(value: Any) -> Any:
    """A value as it is after it was written to JSON and read again: a tuple is a list."""
    return json.loads(json.dumps(value))


def _content_hash(stimuli: xr.Dataset) -> str:
    """What the earlier format knew its stimuli by: SHA-256 of pixels and coordinates."""
    coords = {
        name: as_strings(stimuli[name]) for name in sorted(stimuli.variables) if name not in ("image", "image_hash")
    }
    digest = hashlib.sha256(json.dumps([coords, dict(stimuli["image"].sizes)]).encode())
    digest.update(np.ascontiguousarray(stimuli["image"].values))
    return digest.hexdigest()
