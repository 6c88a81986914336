"""Files that are on the disk when they are said to be, and folders that are replaced in one step."""

import ctypes
import hashlib
import os
import shutil
import sys
from pathlib import Path

AT_FDCWD, RENAME_EXCHANGE = -100, 2  # of linux/fcntl.h and linux/fs.h


def sync_file(path: Path) -> None:
    """Wait until a file's content is on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Wait until a folder's entries are on the disk, where the system can open folders."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:  # Windows
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256(path: Path) -> str:
    """SHA-256 of a file's content, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def replace_folder(old: Path, new: Path) -> None:
    """Put a folder in the place of another, which is deleted.

    On Linux and most file systems the two exchange their names in one step, so that one of them is in the place at any
    moment. Elsewhere the old one is renamed first; `restore_folder` puts it back after a kill between the two steps.

    Parameters
    ----------
    old : Path
        It need not exist.
    new : Path
        On the same file system.
    """
    if not old.exists():
        new.rename(old)
    elif _exchange(old, new):
        shutil.rmtree(new)
    else:
        old.rename(_aside(old))
        new.rename(old)
        shutil.rmtree(_aside(old))
    sync_folder(old.parent)


def restore_folder(path: Path) -> None:
    """Tidy up after a `replace_folder` that was killed: the old folder is put back if there is no new one."""
    if path.exists():
        shutil.rmtree(_aside(path), ignore_errors=True)
    elif _aside(path).exists():
        _aside(path).rename(path)


def _aside(path: Path) -> Path:
    return path.with_name(path.name + ".replaced")


def _exchange(one: Path, other: Path) -> bool:
    """Exchange the names of two folders; False if the system or the file system cannot do so."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None) if sys.platform == "linux" else None
    if rename is None:
        return False
    return bool(rename(AT_FDCWD, bytes(one), AT_FDCWD, bytes(other), RENAME_EXCHANGE) == 0)
