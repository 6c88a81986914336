"""The command `verify`."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

from generative_classifiers.cli.arguments import path
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.manifest import all_faults
from generative_classifiers.io.repair import repair

HELP = "check that stores are complete and unchanged"
DESCRIPTION = "Compare stores with their checksums, and print a line for each file that is missing or was changed."


def add_arguments(command: ArgumentParser) -> None:
    """Add the arguments of the command to a parser."""
    command.add_argument(
        "paths", nargs="+", type=path, metavar="path", help="a store, or a folder with stores, such as data/humans"
    )


def run(arguments: Namespace) -> int:
    """Print the faults of all stores and how to repair them; 1 if there are any, or else 0."""
    stores = [store for place in arguments.paths for store in stores_in(place)]
    damaged = 0
    for store in stores:
        found = all_faults(store, progress=True)
        for fault in found:
            print(fault)
        if found:
            print(f"{store}: {repair(store)}")
            damaged += 1
    print(f"{damaged} of {_count(stores)} damaged" if damaged else f"{_count(stores)} complete and unchanged")
    return 1 if damaged else 0


def stores_in(place: Path) -> list[Path]:
    """The stores at a place or below it, also where links lead elsewhere.

    Parameters
    ----------
    place : Path

    Returns
    -------
    list of Path

    Raises
    ------
    InputError
        There are none.
    """
    if not place.is_dir():
        raise InputError(f"{place}: no such folder")
    found = [place] if place.suffix == ".zarr" else sorted(_stores_below(place, set()))
    if not found:
        raise InputError(f"{place}: has no stores; expected <name>.zarr, or a folder with such stores")
    return found


def _stores_below(folder: Path, seen: set[Path]) -> Iterator[Path]:
    """Stores in a folder; `seen` ends the search where links lead in circles."""
    if not folder.is_dir() or folder.resolve() in seen:
        return
    seen.add(folder.resolve())
    for entry in os.scandir(folder):
        if entry.name.endswith(".zarr"):
            yield Path(entry)
        elif entry.is_dir():
            yield from _stores_below(Path(entry), seen)


def _count(stores: Sequence[Path]) -> str:
    return f"{len(stores)} stores are" if len(stores) != 1 else "1 store is"
