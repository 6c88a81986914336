"""What a figure rests on: it is written into the figure's files, and read from them."""

import json
import re
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import xarray as xr
from PIL import Image, UnidentifiedImageError

from generative_classifiers.io.attributes import decode_attributes
from generative_classifiers.io.errors import InputError

# Packages that draw figures.
PACKAGES = ("matplotlib", "numpy", "pandas", "seaborn", "xarray")
# Where the two formats have room for text.
KEYS = {"png": "Description", "pdf": "Keywords"}
_IN_PDF = re.compile(rb"/Keywords \((\{(?:[^\\()]|\\.)*\})\)")


def rests_on(stores: Iterable[xr.Dataset]) -> dict[str, Any]:
    """What a figure rests on.

    Parameters
    ----------
    stores : iterable of xarray.Dataset
        That it shows: metrics or reconstructions of a study.

    Returns
    -------
    dict
        `study`, its name; `evidence`, the identity of each model's evidence; `versions` of the packages that drew the
        figure. Neither dates nor places.
    """
    found: dict[str, Any] = {"study": None, "evidence": {}}
    for store in stores:
        about = decode_attributes(store.attrs)
        found["study"] = found["study"] or about.get("study")
        found["evidence"] |= about.get("evidence", {})
        if "observer" in about and "identity" in about:
            found["evidence"][about["observer"]] = about["identity"]
    return found | {"versions": {name: version(name) for name in PACKAGES}}


def as_metadata(found: dict[str, Any], kind: str) -> dict[str, str]:
    """Metadata of a file, as matplotlib takes them.

    Parameters
    ----------
    found : dict
        What `rests_on` gives.
    kind : {"png", "pdf"}
    """
    return {KEYS[kind]: json.dumps(found, sort_keys=True)}


def read_provenance(path: Path) -> dict[str, Any]:
    """What a figure's file says that it rests on.

    Parameters
    ----------
    path : Path
        PNG or PDF.

    Returns
    -------
    dict
        As `rests_on` gives it.

    Raises
    ------
    InputError
        There is no such file, or it does not say.
    """
    readers: dict[str, Callable[[Path], str]] = {".png": _of_png, ".pdf": _of_pdf}
    if not path.is_file():
        raise InputError(f"{path}: no such figure")
    if path.suffix not in readers:
        raise InputError(f"{path}: expected a figure, <name>.png or <name>.pdf")
    try:
        found = json.loads(readers[path.suffix](path))
        return {key: found[key] for key in ("study", "evidence", "versions")}
    except (UnidentifiedImageError, OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{path}: does not say what it rests on; expected a figure that the pipeline drew") from None


def _of_png(path: Path) -> str:
    with Image.open(path) as image:
        return str(image.info[KEYS["png"]])


def _of_pdf(path: Path) -> str:
    found = _IN_PDF.search(path.read_bytes())
    if not found:
        raise KeyError(KEYS["pdf"])
    return re.sub(rb"\\(.)", rb"\1", found[1]).decode()
