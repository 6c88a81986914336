"""Errors that users are meant to read: one line each."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The disk is full, over its quota, write-protected or broken, or the folder belongs to someone else.
OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM}


class InputError(ValueError):
    """Something the user gave is wrong: the message names it and says what was expected."""


@contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """Name the file or store that a full or write-protected disk does not take.

    Parameters
    ----------
    path : Path or str
        What is written inside the `with` block.

    Raises
    ------
    InputError
        The disk did not take it.

    Examples
    --------
    >>> with writing("data/a.csv"):
    ...     raise OSError(errno.ENOSPC, "No space left on device")
    Traceback (most recent call last):
    generative_classifiers.io.errors.InputError: data/a.csv: cannot be written (No space left on device)
    """
    try:
        yield
    except OSError as error:
        if error.errno not in OF_THE_DISK:
            raise
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error


def for_users(error: BaseException) -> str | None:
    """What a user reads of an error; None if it is a fault of the program, which needs a traceback.

    Examples
    --------
    >>> for_users(PermissionError(errno.EACCES, "Permission denied", "data/a.csv"))
    'data/a.csv: Permission denied'
    >>> for_users(KeyError("a")) is None
    True
    """
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, OSError) and error.errno in OF_THE_DISK:
        return ": ".join(str(part) for part in (error.filename, error.strerror) if part)
    return None
