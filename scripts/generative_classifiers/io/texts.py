"""Text files of users: read as UTF-8, or one clear error."""

import codecs
from pathlib import Path

from generative_classifiers.io.errors import InputError


def read_text(path: Path, expected: str, name: str | None = None) -> str:
    """Read a text file in UTF-8, with or without a byte order mark.

    Parameters
    ----------
    path : Path
    expected : str
        What the file must be, for errors: "a CSV file".
    name : str, optional
        What errors call the file.

    Returns
    -------
    str
        Without the byte order mark.

    Raises
    ------
    InputError
        The file cannot be read, is not a file, is in another encoding or contains NUL. The message names the line.
    """
    name = name or str(path)
    if path.exists() and not path.is_file():
        raise InputError(f"{name}: is not a file; expected {expected}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror}); expected {expected}") from None
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InputError(f"{name}: is in UTF-16; expected {expected} in UTF-8")
    if b"\0" in content:
        line = _line(content, content.index(0))
        raise InputError(f"{name}, line {line}: contains a NUL byte; expected {expected} in UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = f"line {_line(content, error.start)}: byte 0x{content[error.start]:02x} is not UTF-8"
        raise InputError(f"{name}, {found}; expected {expected} in UTF-8") from None


def _line(content: bytes, place: int) -> int:
    return content.count(b"\n", 0, place) + 1
