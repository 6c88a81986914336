"""Files and folders of the user's own, which are used where they are."""

import hashlib
from pathlib import Path

import pooch

from generative_classifiers.io.errors import InputError
from generative_classifiers.stimuli.image_names import image_names


def content_hash(path: Path) -> str:
    """SHA-256 of a file, or of the list of a folder's images.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        For a folder, that of what `sha256sum` prints for all of its images, in the order of their names.

    Raises
    ------
    InputError
        There is no such file or folder, it cannot be read, or the folder has no images.
    """
    try:
        if not path.is_dir():
            return pooch.file_hash(str(path))
        lines = [f"{pooch.file_hash(str(path / name))}  {name}\n" for name in image_names(path)]
    except OSError as error:
        raise InputError(f"{error.filename or path}: cannot be read ({error.strerror})") from None
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def checked_hash(path: Path, sha256: str | None) -> str:
    """The `content_hash`, which must be the one expected if one is.

    Raises
    ------
    InputError
        As `content_hash`, or the hash is another one.
    """
    found = content_hash(path)
    if sha256 and found != sha256:
        raise InputError(f"{path}: the file has sha256 {found}, expected {sha256}")
    return found
