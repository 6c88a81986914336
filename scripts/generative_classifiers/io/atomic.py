"""Files that are there whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """A place to write a file, `<path>.partial`, from where it moves to its own once nothing went wrong.

    Parameters
    ----------
    path : Path or str

    Yields
    ------
    Path
    """
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    yield partial
    partial.replace(path)
