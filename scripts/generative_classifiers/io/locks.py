"""Locks between processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock


@contextmanager
def exclusive_lock(store: str | Path) -> Iterator[None]:
    """Make sure that no other process fills the same store.

    Jobs can go on after Snakemake itself was killed; a new job for the same store then waits for the old one. The
    operating system releases the lock when its process ends in any way.

    Parameters
    ----------
    store : Path
        The lock is the file `<store>.lock`.
    """
    place = Path(store).with_name(Path(store).name + ".lock")
    place.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(place):
        try:
            yield
        finally:
            place.unlink(missing_ok=True)
