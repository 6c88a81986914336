"""Files of the network: fetched once, checked always, kept by their URL."""

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
RETRIES = 3  # the waits in between are 1, 2 and 3 seconds
THREADS = 8
CHUNK = 1 << 20  # bytes
STAGING = ".staging"  # where unfinished files are, inside the folder of downloads

pooch.get_logger().setLevel("WARNING")


class Source(NamedTuple):
    """A file to be had: whose decisions it holds, where it is, its checksum (None: not known)."""

    observer: str
    url: str
    sha256: str | None


class Download(NamedTuple):
    """A file that is there: whose decisions it holds, where it was, its checksum, where it is."""

    observer: str
    url: str
    sha256: str
    path: Path


def mirror(setting=None):
    """The server to ask in place of the files' own.

    Parameters
    ----------
    setting : str or None
        The site's setting. Where it is empty, the environment's `GENERATIVE_CLASSIFIERS_MIRROR` counts.

    Returns
    -------
    str or None
        An address without a slash at its end; None: no mirror.

    Raises
    ------
    InputError
        If the address is none of HTTP.
    """
    key, address = ("mirror", setting) if setting else (MIRROR, os.environ.get(MIRROR))
    if not address:
        return None
    if not re.match(r"https?://[^/\s]+\S*$", address):
        raise InputError(f"{key}: {address!r} is not an address; expected http://… or https://…")
    return address.rstrip("/")


def fetch(url, sha256, folder, mirror=None, progress=True):
    """Have a file, downloading it unless the right one is there already.

    Parameters
    ----------
    url : str
        Where it is upstream: `https://…`.
    sha256 : str or None
        Its checksum. None: the first download records it in `<file>.sha256`, and later ones must match that.
    folder : Path
        Keeps files by URL: `<folder>/github.com/…`. Processes may share it.
    mirror : str, optional
        Server to ask instead; it has the same file at `<mirror>/github.com/…`.
    progress : bool, optional
        Show a progress bar where stderr is a terminal.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If the file cannot be had, or is another one than expected; there is no file at the path then.
    """
    if not re.match(r"https://[^/]+/.*[^/]$", url) or ".." in url:
        raise InputError(f"{url}: expected the address of a file, https://…")
    place = url.removeprefix("https://")
    path, staging = Path(folder) / place, Path(folder) / STAGING / place
    staging.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{staging}.lock"):
        expected = sha256 or _recorded(path)
        if not path.exists() or pooch.file_hash(path) != expected:
            # Here, and after a killed process, whatever the folder holds is unfinished.
            shutil.rmtree(staging, ignore_errors=True)
            try:
                new = _download(url, staging, mirror, progress)
                _accept(new, expected, path)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    return path


def fetch_all(sources, folder, mirror=None):
    """Have many small files, several at a time.

    Parameters
    ----------
    sources : sequence of Source
    folder, mirror
        As in `fetch`.

    Returns
    -------
    list of Download
        In the order given.

    Raises
    ------
    InputError
        At the first file that cannot be had; the others are not begun any more.
    """

    def one(source):
        path = fetch(source.url, source.sha256, folder, mirror, progress=False)
        return Download(source.observer, source.url, source.sha256 or _recorded(path), path)

    with ThreadPoolExecutor(THREADS) as pool:
        bar = partial(tqdm, total=len(sources), desc="files", disable=None, leave=False)
        return list(bar(pool.map(one, sources)))


def write_manifest(downloads, path, folder):
    """Write what was downloaded as a table, paths relative to the folder of downloads.

    Parameters
    ----------
    downloads : iterable of Download
    path : Path
        The table, tab-separated: observer, url, sha256, path.
    folder : Path
    """
    with atomic_write(path) as partial, partial.open("w", newline="") as handle:
        table = csv.writer(handle, delimiter="\t", lineterminator="\n")
        table.writerow(Download._fields)
        table.writerows(d._replace(path=d.path.relative_to(folder).as_posix()) for d in downloads)


def read_manifest(path, folder):
    """Read the table that `write_manifest` wrote.

    Returns
    -------
    list of Download
    """
    with Path(path).open(newline="") as handle:
        rows = csv.DictReader(handle, delimiter="\t")
        return [Download(**{**row, "path": Path(folder) / row["path"]}) for row in rows]


def _download(url, staging, mirror, progress):
    """Download to a folder of its own; return the file."""
    source = f"{mirror}/{url.removeprefix('https://')}" if mirror else url
    name = url.rpartition("/")[2]
    # The checksum is not pooch's to check: it would take a wrong one for a failure and try again.
    files = pooch.create(staging, "", registry={name: None}, urls={name: source}, retry_if_failed=RETRIES)
    downloader = pooch.HTTPDownloader(progressbar=progress and sys.stderr.isatty(), chunk_size=CHUNK)
    try:
        return Path(files.fetch(name, downloader=downloader))
    except requests.exceptions.RequestException as error:
        where = f"mirror {mirror}" if mirror else "no mirror is set"
        raise InputError(f"{url}: cannot be downloaded ({where}): {_reason(error)}") from None


def _reason(error):
    """A failed request in a few words."""
    if error.response is not None:
        return f"the server says {error.response.status_code} {error.response.reason}"
    return f"{type(error).__name__}, tried {RETRIES + 1} times"


def _accept(new, expected, path):
    """Put a file that was downloaded into its place, or nothing if it is not the one expected."""
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
    """The checksum that the first download of a file recorded, or None."""
    if not _sidecar(path).exists():
        return None
    line = _sidecar(path).read_text()
    if not re.match(r"[0-9a-f]{64}  ", line):
        raise InputError(f"{_sidecar(path)}: expected a line of sha256sum, found {line[:80]!r}")
    return line[:64]
