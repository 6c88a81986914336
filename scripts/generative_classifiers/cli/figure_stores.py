"""The stores that a figure rests on, in words."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import zarr

from generative_classifiers.evidence.entry import Entry
from generative_classifiers.evidence.receipt import Receipt
from generative_classifiers.io.attributes import decode_attributes
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.stores import ROOT_METADATA
from generative_classifiers.study.datasets import Datasets
from generative_classifiers.study.figures import FILE, Figure, FiguresAndTables
from generative_classifiers.study.validation import read

DIGITS = 12  # that are shown of a digest


def describe(path: Path, found: dict[str, Any]) -> str:
    """What a figure rests on.

    Parameters
    ----------
    path : Path
        `figures/<study>/<figure>.png` or `.pdf`, in a project.
    found : dict
        What its file says: `figures.provenance.read_provenance`.

    Returns
    -------
    str
    """
    lines = [f"{path}: {path.stem} of the study {found['study']}", f"drawn with {_in_words(found['versions'])}"]
    if not found["evidence"]:
        return "\n".join([*lines, "it rests on no model's evidence"])
    folder = path.absolute().parent
    root, data = folder.parents[1], folder.parents[1] / "data" / folder.name
    figure, rows = _figure(root, path.stem), []
    for observer, identity in found["evidence"].items():
        stores = list(_stores_of(observer, root, data, figure)) or [("", data / "evidence" / observer)]
        rows += [_row(observer, identity, dataset, store, root) for dataset, store in stores]
    return "\n".join([*lines, "", pd.DataFrame(rows).to_string(index=False)])


def _figure(root: Path, name: str) -> Figure | None:
    """The figure's row of the registry."""
    return read(root / FILE, root, FiguresAndTables).figures.get(name)


def _stores_of(observer: str, root: Path, data: Path, figure: Figure | None) -> Iterator[tuple[str, Path]]:
    """Stores of an observer by the datasets that the figure shows."""
    if figure and figure.example_image:
        yield figure.example_image, data / "examples" / f"{observer}.zarr"
        return
    datasets = read(root / "registry/datasets.yaml", root, Datasets).datasets
    chosen = figure if figure and figure.needs and figure.lab != "views" else None
    for receipt in sorted((data / "evidence" / observer).glob("*.json")):
        if chosen is None or chosen.shows(receipt.stem, datasets[receipt.stem]):
            yield receipt.stem, root / Receipt.read(receipt).store


def _row(observer: str, identity: str, dataset: str, store: Path, root: Path) -> dict[str, str]:
    """What is known of a store, and whether it is still the one that was drawn."""
    about = _attributes(store)
    same = about.get("identity") in identity.split()
    return {
        "observer": observer,
        "dataset": dataset,
        "identity": identity[:DIGITS],
        "weights": str(about.get("weights", ""))[:DIGITS] if same else "",
        "evaluated with": _evaluated_with(store, about) if same else "",
        "store": _place(store, root) + ("" if same or not about else " (has changed since then)"),
    }


def _attributes(store: Path) -> dict[str, Any]:
    """Attributes of a store; empty if it is not there."""
    try:
        return decode_attributes(zarr.open_group(store, mode="r").attrs)
    except (OSError, ValueError):
        return {}


def _place(store: Path, root: Path) -> str:
    if not (store / ROOT_METADATA).is_file():
        return "not in this project"
    return (store.relative_to(root) if store.is_relative_to(root) else store).as_posix()


def _evaluated_with(store: Path, about: dict[str, Any]) -> str:
    """Versions of the packages that evaluated the network, and on what device."""
    try:
        notes = Entry(store).provenance()
    except InputError:  # example images, which have one note, in their attributes
        notes = [about]
    shown = {f"{_in_words(note.get('versions', {}))} {note.get('device', '')}".strip() for note in notes}
    return "; ".join(sorted(shown))


def _in_words(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())
