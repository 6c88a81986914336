"""Zarr v3 stores that xarray opens: written whole or not at all, the same bytes for the same content."""

import asyncio
import shutil
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
import zarr
from zarr.codecs import Crc32cCodec, ZstdCodec
from zarr.core.sync import sync

from generative_classifiers.io import manifest
from generative_classifiers.io.attributes import encode_attributes
from generative_classifiers.io.checked_store import CheckedStore
from generative_classifiers.io.durable import replace_folder, restore_folder
from generative_classifiers.io.errors import InputError, writing

# Packages that the numbers of every store depend on.
PACKAGES = ("numpy", "xarray", "zarr")
ROOT_METADATA = manifest.ROOT_METADATA
CODECS = (ZstdCodec(), Crc32cCodec())  # the checksum last, so that it covers the bytes on the disk
# Variables that can be larger than memory.
RECONSTRUCTIONS = ("reconstruction", "reconstruction_latent", "reconstruction_token")
PIXELS = ("image", *RECONSTRUCTIONS)


def versions(*more: str) -> dict[str, str]:
    """Versions of the packages that made a store, for its attributes.

    Parameters
    ----------
    *more : str
        Names of distributions, in addition to numpy, xarray and zarr.

    Returns
    -------
    dict of str to str
    """
    return {name: version(name) for name in (*PACKAGES, *more)}


def plain_text(dataset: xr.Dataset) -> xr.Dataset:
    """Give text numpy's fixed-length type, which every function of numpy, pandas and xarray takes.

    Parameters
    ----------
    dataset : xarray.Dataset

    Returns
    -------
    xarray.Dataset
        With every text coordinate of type `<U…`, whichever of numpy's three types for text it had.
    """
    text = {name: coord for name, coord in dataset.coords.items() if coord.dtype.kind in "OT"}
    # Numpy refuses to go from one of its types for text to the other without an object between.
    return dataset.assign_coords({name: coord.astype(object).astype(str) for name, coord in text.items()})


def write_arrays(dataset: xr.Dataset, path: Path, mode: Literal["w", "a"]) -> None:
    """Write arrays and attributes into a store, and copy all metadata into its root, where `xarray.open_zarr` looks.

    Parameters
    ----------
    dataset : xarray.Dataset
        Attributes may be whatever JSON can hold: `attributes.encode_attributes`.
    path : Path
    mode : {"w", "a"}
        "w" replaces the store, "a" adds to it or replaces arrays of the same names.
    """
    # The encoding of the store that it was read from has a length of text, which would cut longer names off.
    dataset = plain_text(dataset).assign_attrs(encode_attributes(dataset.attrs)).drop_encoding()
    for name in map(str, dataset.variables):  # xarray would keep the encoding of an array that is there
        shutil.rmtree(path / name, ignore_errors=True)
    encoding = {name: _encoding(variable) for name, variable in dataset.variables.items()}
    with _quiet():
        dataset.to_zarr(path, mode=mode, encoding=encoding, zarr_format=3, consolidated=False, write_empty_chunks=True)
    consolidate(path)


def _encoding(variable: xr.Variable) -> dict[str, Any]:
    """How an array is stored. Its fill value is what other readers see in place of a chunk that is missing."""
    if variable.dtype.kind == "i":
        return {"compressors": CODECS, "fill_value": np.iinfo(variable.dtype).min}  # -128 is no category
    return {"compressors": CODECS}  # xarray fills with NaN where the type has it


def consolidate(path: str | Path) -> None:
    """Copy the metadata of all arrays into the root of a store, where `xarray.open_zarr` looks for them."""
    with _quiet():
        zarr.consolidate_metadata(path, zarr_format=3)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without warnings of two extensions of Zarr's format that every reader understands."""
    with warnings.catch_warnings():
        # Zarr's specification knows fixed-length text since May 2026, and consolidated metadata not yet.
        # https://github.com/zarr-developers/zarr-extensions/pull/59
        warnings.filterwarnings("ignore", message="The data type .*FixedLengthUTF32")
        warnings.filterwarnings("ignore", message="Consolidated metadata", category=zarr.errors.ZarrUserWarning)
        yield


def write(dataset: xr.Dataset, path: str | Path, /, **attributes: Any) -> None:
    """Write a dataset as a store. A reader sees the old store or the new one, but never half of one.

    Parameters
    ----------
    dataset : xarray.Dataset
    path : Path
        Folder of the store. Whatever it holds is replaced.
    **attributes
        Provenance: what made the store. Package versions are added unless they are among them.

    Raises
    ------
    InputError
        The disk is full or write-protected. The old store is still there then.
    """
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    with writing(path):
        restore_folder(path)
        shutil.rmtree(partial, ignore_errors=True)
        try:
            write_arrays(dataset.assign_attrs({"versions": versions(), **attributes}), partial, "w")
            manifest.write_manifest(partial)
            replace_folder(path, partial)
        except BaseException:
            _await_writes()
            shutil.rmtree(partial, ignore_errors=True)
            restore_folder(path)
            raise


def _await_writes() -> None:
    """Wait for the other chunks of an array, which Zarr goes on writing after an error of one of them."""

    async def others() -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*tasks, return_exceptions=True)

    sync(others())


def read(path: str | Path, drop: Sequence[str] = ()) -> xr.Dataset:
    """Read a store.

    Parameters
    ----------
    path : Path
        Folder of the store.
    drop : sequence of str
        Variables to leave out: reconstructions can be larger than memory.

    Returns
    -------
    xarray.Dataset
        Loaded. Structured attributes are JSON text: `attributes.decode_attributes`.

    Raises
    ------
    InputError
        There is no complete store, or a file of it is missing or was changed.
    """
    with open_store(path, drop) as dataset:
        return dataset.load()


def store_of(zarr_json: str | Path) -> Path:
    """The store of a rule's output `<store>/zarr.json`.

    Rules name this file, which is written last, instead of the folder: Snakemake would put a timestamp into a
    `directory()` and delete the whole folder after a failure.

    Examples
    --------
    >>> store_of("data/miniature/stimuli/edge.zarr/zarr.json").name
    'edge.zarr'
    """
    return Path(zarr_json).parent


def kind(dataset: xr.Dataset) -> str:
    """The stage that a store belongs to: "evidence", "decisions" or "stimuli", or else "numbers"."""
    stages = {"loss": "evidence", "response": "decisions", "image": "stimuli"}
    return next((stage for name, stage in stages.items() if name in dataset.variables), "numbers")


def open_store(store: str | Path, drop: Sequence[str] = ()) -> xr.Dataset:
    """Open a store of any kind without reading it: stimuli, evidence, decisions, example images or metrics.

    Parameters
    ----------
    store : Path or str
        `<name>.zarr`.
    drop : sequence of str
        Variables to leave out.

    Returns
    -------
    xarray.Dataset
        Values are read when they are used. Structured attributes are JSON text: `decode_attributes`.

    Raises
    ------
    InputError
        There is no complete store, or a file of it is missing or has another size than when it was written. Content
        that was changed is the same error when it is first read.
    """
    manifest.check(Path(store), content=False)
    return xr.open_zarr(CheckedStore(store, read_only=True), chunks=None, drop_variables=drop)


def open_evidence(store: str | Path) -> xr.Dataset:
    """Open a store of evidence without reading it.

    Parameters
    ----------
    store : Path or str
        `<name>.zarr`.

    Returns
    -------
    xarray.Dataset
        `loss` (image, category, draw), NaN where pruning spared the evaluation; `name`, `true_category` and
        `condition` of each image; `time`, `alpha`, `sigma` and `seed` of each draw. If the store has reconstructions,
        `reconstruction` (image, category, y, x, channel), uint8; or in their place the latents or tokens of models that
        have them, `reconstruction_latent` or `reconstruction_token`, which `decode_reconstructions` turns into pixels.

    Raises
    ------
    InputError
        There is no complete store, a file of it is missing or was changed, or it holds something else.
    """
    dataset = open_store(store)
    if kind(dataset) != "evidence":
        raise InputError(f"{store}: holds {kind(dataset)}, expected evidence")
    return dataset
