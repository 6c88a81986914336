"""Zarr v3 stores: written completely or not at all, and the same bytes for the same content."""

import shutil
import warnings
from importlib.metadata import version
from pathlib import Path

import xarray as xr
import zarr

from generative_classifiers.io.errors import InputError

# Packages that the numbers of every store depend on.
PACKAGES = ("numpy", "xarray", "zarr")
ROOT_METADATA = "zarr.json"
# Variables that can be larger than memory.
PIXELS = ("image", "reconstruction")


def versions(*more):
    """Versions of the packages that made a store, for its attributes.

    Parameters
    ----------
    *more : str
        Names of distributions in addition to numpy, xarray and zarr.

    Returns
    -------
    dict of str to str
    """
    return {name: version(name) for name in (*PACKAGES, *more)}


def portable(dataset):
    """Give text coordinates Zarr's variable-length type: fixed-length text has no specification in Zarr v3."""
    text = {name: coord for name, coord in dataset.coords.items() if coord.dtype.kind == "U"}
    return dataset.assign_coords({name: coord.astype(object) for name, coord in text.items()})


def consolidate(path):
    """Copy all metadata of a store into its root, where `xarray.open_zarr` looks first."""
    with warnings.catch_warnings():
        # Zarr v3 has yet to specify what every reader of it already understands.
        warnings.filterwarnings("ignore", message="Consolidated metadata", category=zarr.errors.ZarrUserWarning)
        zarr.consolidate_metadata(path, zarr_format=3)


def write(dataset, path, /, **attributes):
    """Write a dataset as a store. A reader sees the old store, the new one or none, but never half of one.

    Parameters
    ----------
    dataset : xarray.Dataset
    path : Path
        Folder of the store; it is replaced.
    **attributes
        Provenance: how the store was made. The versions of packages are added unless they are given.
    """
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    dataset = portable(dataset).assign_attrs({"versions": versions(), **attributes})
    dataset.to_zarr(partial, mode="w", zarr_format=3, consolidated=False)
    consolidate(partial)
    shutil.rmtree(path, ignore_errors=True)
    partial.rename(path)


def read(path, drop=()):
    """Read a store.

    Parameters
    ----------
    path : Path
        Folder of the store.
    drop : sequence of str
        Variables to leave out, for example reconstructions, which can be larger than memory.

    Returns
    -------
    xarray.Dataset
        Loaded, with text coordinates as numpy text.
    """
    with xr.open_zarr(path, chunks=None, drop_variables=drop) as dataset:
        dataset = dataset.load()
    text = {k: v.astype(object).astype(str) for k, v in dataset.coords.items() if v.dtype.kind in "OT"}
    return dataset.assign_coords(text)


def store_of(zarr_json):
    """The store of a rule's output `<store>/zarr.json`.

    Rules name this file, which is written last, instead of the folder: Snakemake would put a timestamp into a
    `directory()` and delete the whole folder after a failure.

    Examples
    --------
    >>> store_of("data/miniature/stimuli/edge.zarr/zarr.json").name
    'edge.zarr'
    """
    return Path(zarr_json).parent


def kind(dataset):
    """The stage that a store belongs to: "evidence", "decisions" or "stimuli", or else "numbers"."""
    stages = {"loss": "evidence", "response": "decisions", "image": "stimuli"}
    return next((stage for name, stage in stages.items() if name in dataset.variables), "numbers")


def open_store(store):
    """Open a store without reading it into memory.

    Parameters
    ----------
    store : Path

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    InputError
        There is no complete store at this place.
    """
    if not (Path(store) / ROOT_METADATA).is_file():
        raise InputError(f"{store}: no complete store; expected a folder with {ROOT_METADATA}")
    return xr.open_zarr(store, chunks=None)
