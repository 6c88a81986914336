"""Weights by their hashes: evidence belongs to the weights that gave it."""

import hashlib
from pathlib import Path

from generative_classifiers.io.errors import InputError


def file_hash(path):
    """SHA-256 of a file, hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_hash(folder, patterns=("*.safetensors",)):
    """SHA-256 of the list that `sha256sum` would print of a folder's files, sorted by name.

    Parameters
    ----------
    folder : Path
    patterns : tuple of str
        Which files, in whatever sub-folder.

    Returns
    -------
    str
        Hexadecimal.

    Raises
    ------
    InputError
        There is no such file.
    """
    folder = Path(folder)
    names = sorted({path.relative_to(folder).as_posix() for p in patterns for path in folder.rglob(p)})
    if not names:
        raise InputError(f"{folder}: holds no {' or '.join(patterns)} file")
    lines = "".join(f"{file_hash(folder / name)}  {name}\n" for name in names)
    return hashlib.sha256(lines.encode()).hexdigest()


def check_hash(observer, source, found, expected):
    """Raise InputError unless the registry expects nothing, or what was found."""
    if expected is not None and found != expected:
        raise InputError(f"{observer}: weights {source} have sha256 {found}, the registry expects {expected}")
