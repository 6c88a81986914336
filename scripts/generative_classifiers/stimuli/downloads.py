"""Downloads: every file is fetched once, checked each time, and kept under its URL."""

import csv
import os
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pooch
import requests
from filelock import FileLock
from tqdm import tqdm

from generative_classifiers.io.atomic import atomic_write
from generative_classifiers.io.errors import InputError

MIRROR = "GENERATIVE_CLASSIFIERS_MIRROR"
RETRIES = 3  # after 1, 2 and 3 seconds
THREADS = 8
CHUNK = 1 << 20  # bytes
STAGING = ".staging"  # folder of unfinished files, inside the folder of downloads

pooch.get_logger().setLevel("WARNING")


class Source(NamedTuple):
    """A file to download.

    Attributes
    ----------
    observer : str
        The observer whose decisions the file has, or another name for its content.
    url : str
    sha256 : str or None
        Its checksum; None if it is not known.
    """

    observer: str
    url: str
    sha256: str | None


class Download(NamedTuple):
    """A downloaded file.

    Attributes
    ----------
    observer, url, sha256 : str
        As in `Source`.
    path : Path
        Where it is on this machine.
    """

    observer: str
    url: str
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


def fetch(url, sha256, folder, mirror=None, progress=True):
    """Download a file, unless it is in the folder of downloads already.

    Parameters
    ----------
    url : str
        `https://…`.
    sha256 : str or None
        Its checksum. If it is None, the first download records the checksum in `<file>.sha256`, and later ones must
        have the same.
    folder : Path
        Folder of downloads, with files at `<folder>/github.com/…`. Several processes may use it.
    mirror : str, optional
        Server to download from, with the same file at `<mirror>/github.com/…`.
    progress : bool, optional
        Whether to show a progress bar if stderr is a terminal.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        The file cannot be downloaded or has another checksum. The folder does not have the file then.
    """
    if not re.match(r"https://[^/]+/.*[^/]$", url) or ".." in url:
        raise InputError(f"{url}: expected the address of a file, https://…")
    place = url.removeprefix("https://")
    path, staging = Path(folder) / place, Path(folder) / STAGING / place
    staging.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{staging}.lock"):
        expected = sha256 or _recorded(path)
        if not path.exists() or pooch.file_hash(path) != expected:
            # Whatever is in this folder is unfinished, perhaps left by an interrupted process.
            shutil.rmtree(staging, ignore_errors=True)
            try:
                new = _download(url, staging, mirror, progress)
                _accept(new, expected, path)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    return path


def fetch_all(sources, folder, mirror=None):
    """Download many small files, several at a time.

    Parameters
    ----------
    sources : sequence of Source
    folder, mirror
        As for `fetch`.

    Returns
    -------
    list of Download
        In the given order.

    Raises
    ------
    InputError
        A file cannot be downloaded. No further downloads are begun.
    """

    def one(source):
        path = fetch(source.url, source.sha256, folder, mirror, progress=False)
        return Download(source.observer, source.url, source.sha256 or _recorded(path), path)

    with ThreadPoolExecutor(THREADS) as pool:
        bar = partial(tqdm, total=len(sources), desc="files", disable=None, leave=False)
        return list(bar(pool.map(one, sources)))


def write_manifest(downloads, path, folder):
    """Write a table of downloaded files.

    Parameters
    ----------
    downloads : iterable of Download
    path : Path
        Where to write the table, with columns observer, url, sha256 and path, separated by tabs.
    folder : Path
        Folder of downloads. Paths are relative to it.
    """
    with atomic_write(path) as partial, partial.open("w", newline="") as handle:
        table = csv.writer(handle, delimiter="\t", lineterminator="\n")
        table.writerow(Download._fields)
        table.writerows(d._replace(path=d.path.relative_to(folder).as_posix()) for d in downloads)


def read_manifest(path, folder):
    """Read the table that `write_manifest` wrote.

    Parameters
    ----------
    path, folder : Path
        As for `write_manifest`.

    Returns
    -------
    list of Download
    """
    with Path(path).open(newline="") as handle:
        rows = csv.DictReader(handle, delimiter="\t")
        return [Download(**{**row, "path": Path(folder) / row["path"]}) for row in rows]


def _download(url, staging, mirror, progress):
    """Download a file into the folder of unfinished files, and return its path there."""
    source = f"{mirror}/{url.removeprefix('https://')}" if mirror else url
    name = url.rpartition("/")[2]
    # We check the checksum ourselves: pooch would take a wrong checksum for a failure and try again.
    files = pooch.create(staging, "", registry={name: None}, urls={name: source}, retry_if_failed=RETRIES)
    downloader = pooch.HTTPDownloader(progressbar=progress and sys.stderr.isatty(), chunk_size=CHUNK)
    try:
        return Path(files.fetch(name, downloader=downloader))
    except requests.exceptions.RequestException as error:
        where = f"mirror {mirror}" if mirror else "no mirror is set"
        raise InputError(f"{url}: cannot be downloaded ({where}): {_reason(error)}") from None


def _reason(error):
    """Why a request failed, in a few words."""
    if error.response is not None:
        return f"the server says {error.response.status_code} {error.response.reason}"
    return f"{type(error).__name__}, tried {RETRIES + 1} times"


def _accept(new, expected, path):
    """Move a downloaded file to its place if it is the expected one; otherwise leave nothing there."""
    found = pooch.file_hash(new)
    if expected and found != expected:
        path.unlink(missing_ok=True)
        raise InputError(f"{path}: the file downloaded has sha256 {found}, expected {expected}")
    path.parent.mkdir(parents=True, exist_ok=True)
    if not expected:
        note = new.with_name("sha256")
        note.write_text(f"{found}  {path.name}\n")
        note.replace(_sidecar(path))
    new.replace(path)


def _sidecar(path):
    return path.with_name(path.name + ".sha256")


def _recorded(path):
    """The checksum that the first download of a file recorded; None before the first download."""
    if not _sidecar(path).exists():
        return None
    line = _sidecar(path).read_text()
    if not re.match(r"[0-9a-f]{64}  ", line):
        raise InputError(f"{_sidecar(path)}: expected a line of sha256sum, found {line[:80]!r}")
    return line[:64]
