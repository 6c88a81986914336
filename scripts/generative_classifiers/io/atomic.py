"""Writing a file completely or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Write a file under another name, `<path>.partial`, and rename it if no error occurs.

    Parameters
    ----------
    path : Path or str
        Where the complete file will be.

    Yields
    ------
    Path
        Where to write.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "numbers.csv"
    >>> with atomic_write(path) as partial:
    ...     _ = partial.write_text("1,2")
    ...     print(path.exists())
    False
    >>> path.exists()
    True
    """
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    yield partial
    partial.replace(path)
