"""Downloads: every file is fetched once, checked each time, and kept under its URL."""

import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pooch
from filelock import FileLock
from tqdm import tqdm

from generative_classifiers.io.errors import InputError
from generative_classifiers.stimuli.file_kinds import check_content, kind_of, refuse_page
from generative_classifiers.stimuli.local_files import checked_hash
from generative_classifiers.stimuli.sources import LocalFile, is_address
from generative_classifiers.stimuli.transfers import Downloader

THREADS = 8
STAGING = ".staging"  # folder of unfinished files, inside the folder of downloads

pooch.get_logger().setLevel("WARNING")


def fetch(url, sha256, folder, mirror=None, progress=True):
    """Download a file, unless it is in the folder of downloads already.

    Parameters
    ----------
    url : str
        `https://…`.
    sha256 : str or None
        Its checksum. If it is None, the first download is checked by its content (`file_kinds.check_content`) and
        records the checksum in `<file>.sha256`, and later ones must have the same.
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
        The file cannot be downloaded, is another one than expected, or cannot be written. The folder does not have the
        file then.
    """
    if not re.match(r"https://[^/]+/.*[^/]$", url) or ".." in url:
        raise InputError(f"{url}: expected the address of a file, https://…")
    try:
        return _fetch(url, sha256, Path(folder), mirror, progress)
    except OSError as error:
        raise InputError(f"{url}: cannot be kept in {error.filename or folder}: {error.strerror or error}") from None


def _fetch(url, sha256, folder, mirror, progress):
    place = url.removeprefix("https://")
    path, staging = folder / place, folder / STAGING / place
    staging.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{staging}.lock"):
        expected = sha256 or _recorded(path)
        if not path.exists() or pooch.file_hash(path) != expected:
            # Whatever is in this folder is unfinished, perhaps left by an interrupted process.
            shutil.rmtree(staging, ignore_errors=True)
            try:
                new = _download(url, staging, mirror, progress)
                _accept(new, expected, path, url)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    return path


def fetch_all(sources, folder, mirror=None):
    """Download many small files, several at a time. Files that are on this machine stay where they are.

    Parameters
    ----------
    sources : sequence of Source
    folder, mirror
        As for `fetch`.

    Returns
    -------
    list of LocalFile
        In the given order.

    Raises
    ------
    InputError
        A file cannot be downloaded, or is another one than expected. No further downloads are begun.
    """

    def one(source):
        if not is_address(source.place):
            path = Path(source.place)
            return LocalFile(source.observer, source.place, checked_hash(path, source.sha256), path)
        path = fetch(source.place, source.sha256, folder, mirror, progress=False)
        return LocalFile(source.observer, source.place, source.sha256 or _recorded(path), path)

    with ThreadPoolExecutor(THREADS) as pool:
        bar = partial(tqdm, total=len(sources), desc="files", disable=None, leave=False)
        return list(bar(pool.map(one, sources)))


def _download(url, staging, mirror, progress):
    """Download a file into the folder of unfinished files, and return its path there."""
    source = f"{mirror}/{url.removeprefix('https://')}" if mirror else url
    name = url.rpartition("/")[2]
    # We check the checksum ourselves: pooch would take a wrong checksum for a failure and try again.
    files = pooch.create(staging, "", registry={name: None}, urls={name: source})
    downloader = Downloader(kind_of(url).limit, progress and sys.stderr.isatty())
    try:
        return Path(files.fetch(name, downloader=downloader))
    except InputError as error:
        where = f"mirror {mirror}" if mirror else "no mirror is set"
        raise InputError(f"{url}: cannot be downloaded ({where}): {error}") from None


def _accept(new, expected, path, url):
    """Move a downloaded file to its place if it is the expected one; otherwise leave nothing there."""
    found = pooch.file_hash(new)
    if expected and found != expected:
        path.unlink(missing_ok=True)
        raise InputError(f"{path}: the file downloaded has sha256 {found}, expected {expected}{_hint(new)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    if not expected:
        check_content(new, url)
        note = new.with_name("sha256")
        note.write_text(f"{found}  {path.name}\n")
        note.replace(_sidecar(path))
    new.replace(path)


def _hint(new):
    """Why a checksum may differ, if that can be seen."""
    try:
        refuse_page(new)
    except ValueError as error:
        return f"; {error}"
    return ""


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
