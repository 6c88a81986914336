"""Writing a file completely or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from generative_classifiers.io.durable import sync_file, sync_folder
from generative_classifiers.io.errors import writing


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Write a file under another name, `<path>.partial`, and rename it once it is on the disk.

    Parameters
    ----------
    path : Path or str
        Where the complete file will be.

    Yields
    ------
    Path
        Where to write. It is deleted if an error occurs.

    Raises
    ------
    InputError
        The disk is full or write-protected.

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
    with writing(path):
        try:
            yield partial
            sync_file(partial)
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
