"""Evidence in a store of the user's, without a study and its cache."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr

from generative_classifiers.evidence import conversion, job
from generative_classifiers.evidence.entry import Entry, asked_for, is_free
from generative_classifiers.evidence.known import KnownEvidence, Source, sources_of
from generative_classifiers.evidence.layout import attributes
from generative_classifiers.evidence.request import Request, request_evidence
from generative_classifiers.io import stores
from generative_classifiers.io.attributes import decode_attributes
from generative_classifiers.io.durable import replace_folder
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.base import Model

EXTENDED = ".extended"  # ends the name of a store that will take the place of a smaller one


def compute_evidence(
    model: Model,
    stimuli: xr.Dataset,
    store: str | Path,
    *,
    observer: str,
    dataset: str,
    shard: int = job.SHARD,
    workers: int = 1,
    progress: bool = True,
    **asked,
) -> Request:
    """Fill a store of evidence, or continue one that an interrupted run left unfinished.

    A store that has all that is asked for, and perhaps more, stays as it is. If more draws, images, categories or
    reconstructions are asked for than it has, only these are evaluated.

    Parameters
    ----------
    model : models.base.Model
    stimuli : xarray.Dataset
    store : Path
    observer, dataset : str
        For attributes and messages.
    shard : int
        Images that are evaluated and written at once. A store that exists keeps its own.
    workers, progress
        As for `job.fill`.
    **asked
        count, seed, times, reconstruct, pruning and categories: as for `request.request_evidence`.

    Returns
    -------
    Request
        What was asked for: `read_requested` reads it.

    Raises
    ------
    InputError
        Before the first evaluation: the stimuli or settings are not as expected, or the store holds something else. A
        store is never replaced by one that lacks some of its evidence.
    """
    store = Path(store)
    request = request_evidence(model, stimuli, observer=observer, dataset=dataset, **asked)
    conversion.refuse_others(store, request, stimuli)
    earlier = conversion.earlier_sources(store, request, stimuli)
    place = _place(store, request)
    if place is None:
        return request
    is_new = is_free(place)
    entry = Entry.create(place, request, shard)
    others = {store, *store.parent.glob(f"{store.name}.*")} - {place}
    known = KnownEvidence(request, [*earlier, *sources_of(others, request.identity_digest)])
    try:
        job.fill(entry, model, stimuli, request, known, workers=workers, progress=progress)
    except InputError:
        if is_new and not any(map(entry.complete, range(len(entry.parts)))):
            shutil.rmtree(place)  # it would be in the way of the same images with other settings
        raise
    if place != store:
        replace_folder(store, place)
    return request


def read_requested(store: str | Path, request: Request) -> xr.Dataset:
    """Read what was asked for from a store that may have more, without reconstructions.

    Parameters
    ----------
    store : Path
    request : Request

    Returns
    -------
    xarray.Dataset
    """
    evidence = stores.read(store, drop=stores.RECONSTRUCTIONS)
    if evidence.attrs["request"] == request.digest:
        return evidence
    names, prompts = evidence["name"].values.tolist(), evidence["prompt"].values.tolist()
    draws = evidence["draw"].values.tolist()
    part = evidence.isel(
        image=[names.index(name) for name in request.images["name"]],
        category=[prompts.index(prompt) for prompt in request.prompts.values()],
        draw=[draws.index(number) for number in request.draws.number],
    )
    return part.assign(evaluations=part["loss"].notnull().sum(["category", "draw"]).astype(np.int32))


def _place(store: Path, request: Request) -> Path | None:
    """Where to put what is asked for; None if the store has all of it."""
    if is_free(store):
        return store
    if asked_for(store) == request.digest:
        return store
    try:
        entry = Entry(store)
    except InputError as error:
        raise InputError(f"{store}: exists and is not replaced, since it is not a store of evidence") from error
    if entry.identity == request.identity_digest:
        source = Source.of(entry)
        if _has_all(source, request):
            return None
        if _is_part(source, request):
            return store.with_name(f"{store.name}.{request.digest[:12]}{EXTENDED}")
    raise InputError(f"{store}: holds other evidence and is not replaced: {_differences(entry, request)}")


def _has_all(source: Source, request: Request) -> bool:
    """Whether a source knows all that is asked for, exhaustively."""
    known = KnownEvidence(request, [source]).of(slice(0, None))
    painted = request.reconstruct is None or "reconstruction" in known
    return request.pruning is None and painted and not np.isnan(known["loss"]).any()


def _is_part(source: Source, request: Request) -> bool:
    """Whether a source knows nothing but what is asked for."""
    images = zip(request.images["name"], request.images["image_hash"], strict=True)
    return (
        source.images.keys() <= set(images)
        and set(source.prompts) <= set(request.prompts.values())
        and set(source.draws) <= set(request.draws.number.tolist())
        and source.reconstruct in (None, request.reconstruct)
    )


def _differences(entry: Entry, request: Request) -> str:
    """What differs between a store and what is asked for, in words."""
    found, asked = decode_attributes(zarr.open_group(entry.path, mode="r").attrs), attributes(request)
    keys = [key for key in asked if key not in ("observer", "dataset", "identity", "request")]
    changed = [f"{key} is {found.get(key)}, not {asked[key]}" for key in keys if found.get(key) != asked[key]]
    return "; ".join(changed) or "; ".join(_sizes(entry, request))


def _sizes(entry: Entry, request: Request) -> list[str]:
    """How many images, categories and draws a store has, and how many are asked for, where these differ."""
    group: Any = zarr.open_group(entry.path, mode="r")
    counts = {
        "images": (entry.images, len(request.images["name"])),
        "categories": (group["prompt"].size, len(request.prompts)),
        "draws": (group["draw"].size, len(request.draws)),
    }
    different = [f"it has {found} {what}, not {asked}" for what, (found, asked) in counts.items() if found != asked]
    if not different:
        return ["its images or categories are others"]
    return [*different, "ask for at least all that it has, or for a part of it"]
