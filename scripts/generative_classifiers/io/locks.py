"""Locks between processes."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

LOCKS = ".locks"
# How often a claim is tried, when another one that ends removes the folder between its creation and its use.
ATTEMPTS = 100


@contextmanager
def claim(place: Path, part: str) -> Iterator[bool]:
    """Claim a part of a place, so that no other process works on it at the same time.

    The operating system releases the claim when the process ends in any way. Some network file systems have no locks.
    There, every claim is granted: work may then be done twice, with the same result.

    Parameters
    ----------
    place : Path
        A file or folder. The claim is a file in the folder `.locks` next to it.
    part : str

    Yields
    ------
    bool
        False if another process has claimed it. Rarely also if another claim ended at the same moment: try again later.
    """
    file = place.parent / LOCKS / f"{place.name}.{part}"
    lock = FileLock(file)
    try:
        _acquire(lock, file.parent)
    except Timeout:
        yield False
        return
    except NotImplementedError:
        yield True
        return
    try:
        yield True
    finally:
        file.unlink(missing_ok=True)
        lock.release()
        with suppress(OSError):  # others are still claimed
            file.parent.rmdir()


def _acquire(lock: FileLock, folder: Path) -> None:
    """Acquire a lock whose file is in a folder that may not be there yet."""
    for attempt in range(ATTEMPTS):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except (FileExistsError, FileNotFoundError):
            if attempt == ATTEMPTS - 1:
                raise
        else:
            break
