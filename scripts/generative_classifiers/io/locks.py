"""Locks between processes."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

LOCKS = ".locks"


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
        False if another process has claimed it.
    """
    file = place.parent / LOCKS / f"{place.name}.{part}"
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
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
