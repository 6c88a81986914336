"""Locks between jobs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock


@contextmanager
def exclusive_lock(store: str | Path) -> Iterator[None]:
    """Wait for another job that fills the same store: one that outlived a killed Snakemake.

    The lock goes with its process, however that ends.
    """
    place = Path(store).with_name(Path(store).name + ".lock")
    place.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(place):
        try:
            yield
        finally:
            place.unlink(missing_ok=True)
