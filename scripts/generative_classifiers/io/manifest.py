"""Manifests: which files a store consists of, with their sizes and checksums.

Zarr reads a chunk whose file is missing as the fill value: black images, or the first category. So each of our stores
lists its files in `<store>/manifest/`, and our readers refuse a store that differs from its manifest. A manifest has
parts, so that jobs can complete shares of a store independently. The part `static` lists the metadata and the
coordinates, and names the other parts.
"""

import hashlib
import json
import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from generative_classifiers.io.durable import sha256, sync_file, sync_folder
from generative_classifiers.io.errors import InputError

FORMAT = 1  # of our stores: any other is refused
FOLDER = "manifest"
STATIC = "static"
ROOT_METADATA = "zarr.json"


def write_part(store: Path, name: str, files: Iterable[Path], **about: Any) -> None:
    """Write a part of a manifest, after the files that it lists have reached the disk.

    Parameters
    ----------
    store : Path
    name : str
        `static`, or the name of another part.
    files : iterable of Path
        Files of the store.
    **about
        What else the part holds, as JSON can hold it. The part `static` needs `parts`, the names of the others.
    """
    listed = {}
    for file in sorted(files):
        sync_file(file)
        listed[file.relative_to(store).as_posix()] = {"size": file.stat().st_size, "sha256": sha256(file)}
    for folder in sorted({(store / file).parent for file in listed}):
        sync_folder(folder)
    part = {"format": FORMAT, **about, "files": listed}
    path = part_path(store, name)
    path.parent.mkdir(exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial.write_text(json.dumps(part | {"sha256": _checksum(part)}, indent=1) + "\n", encoding="utf-8")
    sync_file(partial)
    partial.replace(path)
    sync_folder(path.parent)
    sync_folder(store)


def write_manifest(store: Path) -> None:
    """Write the manifest of a complete store. It has one part, which lists all files."""
    write_part(store, STATIC, [path for path in store.rglob("*") if path.is_file()], parts=[])


def part_path(store: Path, name: str) -> Path:
    """The file of a part of a store's manifest."""
    return store / FOLDER / f"{name}.json"


def read_part(store: Path, name: str = STATIC) -> dict[str, Any]:
    """Read a part of a manifest.

    Parameters
    ----------
    store : Path
    name : str

    Returns
    -------
    dict
        `files`: size and SHA-256 of each file, by its path within the store; `format`; and what else was written.

    Raises
    ------
    InputError
        There is no such part, it was changed, or it belongs to another format of stores.
    """
    path = part_path(store, name)
    if not path.parent.is_dir():
        raise InputError(f"{store}: was made by an older version, which kept no checksums")
    try:
        part = json.loads(path.read_text(encoding="utf-8"))
        found, checksum = part["format"], part.pop("sha256", None)
    except FileNotFoundError:
        raise InputError(f"{store}: {FOLDER}/{path.name} is missing") from None
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        raise InputError(f"{store}: {FOLDER}/{path.name} is damaged") from None
    if found != FORMAT:
        raise InputError(f"{path}: has format {found!r}, expected {FORMAT}: another version made it")
    if checksum != _checksum(part):
        raise InputError(f"{store}: {FOLDER}/{path.name} is damaged")
    return part


def faults(store: Path, name: str, skip: Collection[str] = (), content: bool = True) -> list[str]:
    """Differences between the files of a store and a part of its manifest.

    Parameters
    ----------
    store : Path
    name : str
        Of the part.
    skip : collection of str
        Arrays whose content is not compared, because it is not read. Their files must be there, with the right sizes.
    content : bool
        Whether to compare the content of arrays. That of metadata is always compared.

    Returns
    -------
    list of str
        A phrase for each difference.
    """
    found = []
    for file, expected in read_part(store, name)["files"].items():
        path, array = store / file, file.partition("/")[0]
        compared = file.endswith(".json") or (content and array not in skip)
        if not path.is_file():
            found.append(f"{in_words(file)} is missing")
        elif path.stat().st_size != expected["size"]:
            found.append(f"{in_words(file)} has {path.stat().st_size} bytes, expected {expected['size']}")
        elif compared and sha256(path) != expected["sha256"]:
            found.append(f"{in_words(file)} was changed")
    return found


def check(store: Path, skip: Collection[str] = (), content: bool = True) -> None:
    """Refuse a store that differs from its manifest.

    Parameters
    ----------
    store : Path
    skip, content
        As for `faults`.

    Raises
    ------
    InputError
        Names the store, the array, the chunk and the command that repairs the store.
    """
    try:
        for name in (STATIC, *read_part(store)["parts"]):
            wrong = faults(store, name, skip, content)
            if wrong:
                more = f" (and {len(wrong) - 1} more faults)" if len(wrong) > 1 else ""
                raise InputError(f"{store}: {wrong[0]}{more}")
    except InputError as error:
        raise InputError(f"{error}; {repair(store)}") from None


def repair(store: Path) -> str:
    """How to repair a store, as the end of an error message."""
    return f"delete {store / ROOT_METADATA} and run again: what is missing is made anew"


def in_words(file: str) -> str:
    """A file of a store in words.

    Examples
    --------
    >>> in_words("loss/c/1/0/0"), in_words("seed/c"), in_words("loss/zarr.json")
    ('chunk 1/0/0 of loss', 'the chunk of seed', 'loss/zarr.json')
    """
    array, separator, chunk = file.partition("/c/")
    if separator:
        return f"chunk {chunk} of {array}"
    return f"the chunk of {file.removesuffix('/c')}" if file.endswith("/c") else file


def _checksum(part: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(part).encode()).hexdigest()
