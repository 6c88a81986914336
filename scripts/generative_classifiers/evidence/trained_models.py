"""The decisions of the networks that a study has trained, which another study shows."""

import json
from collections.abc import Iterable
from pathlib import Path

import xarray as xr

from generative_classifiers.evidence.restore import restore
from generative_classifiers.io.durable import sha256
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.manifest import STATIC, part_path
from generative_classifiers.io.stores import read, store_of

FOUND = "trained_models.json"  # in the folder of the study that shows them


def decisions_of(study: str, stores: Iterable[str], archive: Path, root: Path, cache: Path) -> dict[str, str]:
    """The study's stores of decisions, from its archive if they are not there.

    Parameters
    ----------
    study : str
        Its name.
    stores : iterable of str
        `data/<study>/decisions/<dataset>.zarr/zarr.json`, relative to the root.
    archive : Path
        What `evidence.archive.archive` wrote, relative to the root.
    root : Path
        Of the project.
    cache : Path
        The folder of the cache of evidence.

    Returns
    -------
    dict of str to str
        SHA-256 of each store's manifest.

    Raises
    ------
    InputError
        A store is in neither place. The message says how to make them.
    """
    stores = list(stores)
    if not all((root / store).exists() for store in stores):
        if not (root / archive).exists():
            raise InputError(
                f"{archive}: no such file, and the study {study} has not run here; expected its archive from a release "
                "of the project, or hours of training: make lab_models"
            )
        restore(root / archive, root, cache, progress=False)
    for store in stores:
        if not (root / store).exists():
            raise InputError(f"{archive}: has no {store}; expected the archive of the study {study}")
    return {store: _digest(root / store) for store in stores}


def read_decisions(inputs: Iterable[str], stores: Iterable[str]) -> dict[str, xr.Dataset]:
    """The decisions of a study, by dataset.

    Parameters
    ----------
    inputs : iterable of str
        The stores themselves, or the file with what `decisions_of` returned of them.
    stores : iterable of str
        `data/<study>/decisions/<dataset>.zarr/zarr.json`.

    Raises
    ------
    InputError
        A store has changed since that file was written, or is damaged.
    """
    for found in (Path(path) for path in inputs if Path(path).name == FOUND):
        for store, digest in json.loads(found.read_text()).items():
            if not Path(store).exists() or _digest(Path(store)) != digest:
                raise InputError(f"{store}: has changed since {found} was written; delete {found} and run again")
    found_stores = [read(store_of(store)) for store in stores]
    return {one.attrs["dataset"]: one for one in found_stores}


def _digest(store: Path) -> str:
    return sha256(part_path(store_of(store), STATIC))
