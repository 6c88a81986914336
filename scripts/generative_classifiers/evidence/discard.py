"""Things that nothing needs: what is set aside, leftovers, and evidence that no study names."""

import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from generative_classifiers.evidence.conversion import SET_ASIDE
from generative_classifiers.evidence.receipt import Receipt
from generative_classifiers.io.locks import LOCKS

LEFTOVER = ".partial"
DAY = 86400


class Unneeded(NamedTuple):
    """Something that can be removed.

    Attributes
    ----------
    path : Path
    reason : str
    size : int
        Bytes.
    """

    path: Path
    reason: str
    size: int


def leftovers(folder: Path) -> Iterator[Unneeded]:
    """What is set aside below a folder, and what interrupted jobs have left there more than a day ago.

    Parameters
    ----------
    folder : Path
        Links in it are not followed.
    """
    for path in sorted(folder.rglob(f"*{SET_ASIDE}")):
        store = path.with_name(path.name.partition(".zarr")[0] + ".zarr")
        if store.exists():  # before that, its losses may still have to be taken over
            yield Unneeded(path, "set aside: its losses were taken over", size_of(path))
    for path in sorted(folder.rglob(f"*{LEFTOVER}")):
        if not path.is_symlink() and _last_change(path) < time.time() - DAY and not _is_inside_another(path, folder):
            yield Unneeded(path, "left by an interrupted job", size_of(path))


def unused_entries(cache: Path, root: Path) -> Iterator[Unneeded]:
    """Entries of the cache that no receipt of the project names, and that have not changed for a day.

    Parameters
    ----------
    cache : Path
    root : Path
        Of the project.

    Raises
    ------
    InputError
        A receipt cannot be read, so that it is unknown what it names.
    """
    receipts = root.glob("data/*/evidence/*/**/*.json")
    named = {(root / Receipt.read(path).store).resolve() for path in receipts if not _is_in_store(path)}
    for entry in sorted(cache.glob("*/*.zarr")):
        if entry.resolve() not in named and _last_change(entry) < time.time() - DAY:
            yield Unneeded(entry, "evidence that no receipt here names", size_of(entry))


def remove(found: Iterable[Unneeded]) -> None:
    """Remove things, and folders of the cache that are empty then."""
    for thing in found:
        if thing.path.is_dir() and not thing.path.is_symlink():
            shutil.rmtree(thing.path)
        else:
            thing.path.unlink(missing_ok=True)
        folder = thing.path.parent
        if thing.path.suffix == ".zarr" and not [path for path in folder.iterdir() if path.name != LOCKS]:
            shutil.rmtree(folder)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files of a folder."""
    return sum(file.lstat().st_size for file in _files(path))


def _files(path: Path) -> list[Path]:
    return [file for file in path.rglob("*") if not file.is_dir()] if path.is_dir() else [path]


def _last_change(path: Path) -> float:
    """When a file, or anything in a folder, was last changed: seconds since 1970."""
    return max(place.lstat().st_mtime for place in (path, *_files(path)))


def _is_inside_another(path: Path, folder: Path) -> bool:
    """Whether a leftover is part of something that is listed itself."""
    above = path.relative_to(folder).parts[:-1]
    return any(part.endswith((LEFTOVER, SET_ASIDE)) for part in above)


def _is_in_store(path: Path) -> bool:
    return any(part.endswith(".zarr") or SET_ASIDE in part for part in path.parts)
