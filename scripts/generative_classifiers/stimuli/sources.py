"""Where files are from, and where they are on this machine. Nothing is downloaded here."""

import os
import re
from pathlib import Path
from typing import NamedTuple

from generative_classifiers.io.errors import InputError

MIRROR = "GENERATIVE_CLASSIFIERS_MIRROR"


class Source(NamedTuple):
    """A file to download, or one that is on this machine.

    Attributes
    ----------
    observer : str
        The observer whose decisions the file has, or another name for its content.
    place : str
        Its address; or the path of a file, or of a folder of images, on this machine.
    sha256 : str or None
        Its checksum; None if it is not known.
    """

    observer: str
    place: str
    sha256: str | None


class LocalFile(NamedTuple):
    """A file on this machine, downloaded or the user's own.

    Attributes
    ----------
    observer, place, sha256 : str
        As in `Source`; of a folder, the checksum is `local_files.content_hash`.
    path : Path
        Where it is on this machine.
    """

    observer: str
    place: str
    sha256: str
    path: Path


def mirror(setting=None):
    """The mirror, a server to download from instead of the files' own servers.

    Parameters
    ----------
    setting : str or None
        The setting of the site. Without it, the environment variable `GENERATIVE_CLASSIFIERS_MIRROR` counts.

    Returns
    -------
    str or None
        Its address without a slash at the end; None if there is no mirror.

    Raises
    ------
    InputError
        The address does not begin with http:// or https://.

    Examples
    --------
    >>> mirror("http://127.0.0.1:8000/")
    'http://127.0.0.1:8000'
    """
    key, address = ("mirror", setting) if setting else (MIRROR, os.environ.get(MIRROR))
    if not address:
        return None
    if not re.match(r"https?://[^/\s]+\S*$", address):
        raise InputError(f"{key}: {address!r} is not an address; expected http://… or https://…")
    return address.rstrip("/")


def is_address(place):
    """Whether a file has to be downloaded, rather than being at a path on this machine."""
    return place.startswith("https://")
