"""Folders of the user's: all files in them, through links."""

import os
from collections.abc import Iterator
from pathlib import Path

from generative_classifiers.io.errors import InputError


def files_in(folder: Path) -> Iterator[Path]:
    """All files of a folder and its sub-folders; a hidden sub-folder counts as one file.

    Parameters
    ----------
    folder : Path
        Links to other folders are followed.

    Yields
    ------
    Path

    Raises
    ------
    InputError
        A folder cannot be read, or is a link to a folder that it is in.
    """
    for place, folders, files in os.walk(folder, onerror=_refuse, followlinks=True):
        for name in folders:
            _check_no_loop(Path(place, name))
        hidden = [name for name in folders if name.startswith(".")]
        yield from (Path(place, name) for name in (*files, *hidden))
        folders[:] = [name for name in folders if name not in hidden]


def _refuse(error: OSError) -> None:
    raise InputError(f"{error.filename}: cannot be read ({error.strerror}); expected a folder")


def _check_no_loop(folder: Path) -> None:
    if folder.is_symlink() and any(folder.samefile(parent) for parent in folder.absolute().parents):
        raise InputError(f"{folder}: is a link to a folder that it is in; expected no loops")
