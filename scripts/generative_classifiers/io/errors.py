"""Errors that users are meant to read: one line each."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The disk is full, over its quota, write-protected or broken, or the folder belongs to someone else.
OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM}
# A name is too long, or a file is in the place of a folder or the other way round.
OF_NAMES = {errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR}


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
        if error.errno not in OF_THE_DISK | OF_NAMES:
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
        return printable(str(error))
    if isinstance(error, OSError) and error.errno in OF_THE_DISK | OF_NAMES:
        return printable(": ".join(str(part) for part in (error.filename, error.strerror) if part))
    return None


def printable(text: str) -> str:
    """A text on one line: line breaks and other characters that cannot be seen are written as escapes.

    Examples
    --------
    >>> print(printable("photos/a\\nb.png: no image"))
    photos/a\\nb.png: no image
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)


def one_line(error: Exception, length: int = 200) -> str:
    """An error of a library as a part of one line, shortened to so many characters.

    Examples
    --------
    >>> one_line(KeyError("a")), one_line(ValueError("one\\n  two"))
    ("KeyError: 'a'", 'one two')
    """
    text = " ".join(str(error).split())
    if isinstance(error, KeyError) or not text:  # a KeyError's text is nothing but the key
        text = f"{type(error).__name__}: {text}".removesuffix(": ")
    return text if len(text) <= length else text[: length - 1] + "…"
