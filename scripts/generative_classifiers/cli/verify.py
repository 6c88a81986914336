"""The command `verify`."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.manifest import all_faults
from generative_classifiers.io.repair import repair

HELP = "check that stores are complete and unchanged"
DESCRIPTION = "Compare stores with their checksums, and print a line for each file that is missing or was changed."


def add_arguments(command: ArgumentParser) -> None:
    """Add the arguments of the command to a parser."""
    command.add_argument(
        "paths", nargs="+", type=Path, metavar="path", help="a store, or a folder with stores, such as data/humans"
    )


def run(arguments: Namespace) -> int:
    """Print the faults of all stores and how to repair them; 1 if there are any, or else 0."""
    stores = [store for path in arguments.paths for store in stores_in(path)]
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


def stores_in(path: Path) -> list[Path]:
    """The stores at a path or below it, also where links lead elsewhere.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of Path

    Raises
    ------
    InputError
        There are none.
    """
    if not path.is_dir():
        raise InputError(f"{path}: no such folder")
    found = [path] if path.suffix == ".zarr" else sorted(_stores_below(path, set()))
    if not found:
        raise InputError(f"{path}: has no stores; expected <name>.zarr, or a folder with such stores")
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
