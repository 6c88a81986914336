"""Tables of the files that a job needs: where they are from, their checksums, and where they are on this machine."""

import csv
from pathlib import Path

from generative_classifiers.io.atomic import atomic_write
from generative_classifiers.stimuli.sources import LocalFile, is_address


def write_manifest(files, path, folder):
    """Write a table of files.

    Parameters
    ----------
    files : iterable of sources.LocalFile
    path : Path
        Where to write the table, with columns observer, place, sha256 and path, separated by tabs.
    folder : Path
        Folder of downloads. The paths of downloaded files are relative to it.
    """
    with atomic_write(path) as partial, partial.open("w", encoding="utf-8", newline="") as handle:
        table = csv.writer(handle, delimiter="\t", lineterminator="\n")
        table.writerow(LocalFile._fields)
        table.writerows(file._replace(path=_written(file, folder)) for file in files)


def read_manifest(path, folder):
    """Read the table that `write_manifest` wrote.

    Parameters
    ----------
    path, folder : Path
        As for `write_manifest`.

    Returns
    -------
    list of sources.LocalFile
    """
    with Path(path).open(encoding="utf-8", newline="") as handle:
        _, *rows = csv.reader(handle, delimiter="\t")
    files = [LocalFile(*row) for row in rows]
    return [file._replace(path=_read(file, folder)) for file in files]


def _written(file, folder):
    return file.path.relative_to(folder).as_posix() if is_address(file.place) else file.path.as_posix()


def _read(file, folder):
    return Path(folder) / file.path if is_address(file.place) else Path(file.path)
