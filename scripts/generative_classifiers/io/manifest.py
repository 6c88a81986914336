"""Manifests: which files a store consists of, with their sizes and checksums.

Zarr reads a chunk whose file is missing as the fill value: black images, or the first category. So each of our stores
lists its files in `<store>/manifest/`, and our readers refuse a store that differs from its manifest. A manifest has
parts, so that jobs can complete shares of a store independently. The part `static` lists the metadata and the
coordinates, and names the other parts.
"""

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any, TypedDict

from tqdm import tqdm

from generative_classifiers.io.durable import sha256, sync_file, sync_folder
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.repair import repair

FORMAT = 1  # of our stores: any other is refused
FOLDER = "manifest"
STATIC = "static"
ROOT_METADATA = "zarr.json"


class File(TypedDict):
    """What a manifest knows of a file."""

    size: int
    sha256: str


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
        listed[file.relative_to(store).as_posix()] = File(size=file.stat().st_size, sha256=sha256(file))
    for folder in sorted({(store / file).parent for file in listed}):
        sync_folder(folder)
    part = {"format": FORMAT, **about, "files": listed}
    path = part_path(store, name)
    path.parent.mkdir(exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial.write_text(_as_text(part), encoding="utf-8")
    sync_file(partial)
    partial.replace(path)
    sync_folder(path.parent)
    sync_folder(store)


def write_manifest(store: Path) -> None:
    """Write the manifest of a complete store. It has one part, which lists all files."""
    files = [path for path in store.rglob("*") if path.is_file() and path.parent != store / FOLDER]
    write_part(store, STATIC, files, parts=[])


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
    where = f"{store}: {FOLDER}/{path.name}"
    try:
        text = path.read_bytes().decode()
        part = json.loads(text)
        found, _ = part["format"], part.pop("sha256")
    except FileNotFoundError:
        raise InputError(f"{where} is missing") from None
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        raise InputError(f"{where} was changed") from None
    if found != FORMAT:
        raise InputError(f"{where} has format {found!r}, expected {FORMAT}: another version made the store")
    if text != _as_text(part):
        raise InputError(f"{where} was changed")
    return part


def listing(store: Path) -> dict[str, File]:
    """All files of a complete store, by their paths within it, in all parts of its manifest.

    Raises
    ------
    InputError
        As for `read_part`.
    """
    static = read_part(store)
    parts = [static, *(read_part(store, name) for name in static["parts"])]
    return {file: expected for part in parts for file, expected in part["files"].items()}


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

    Raises
    ------
    InputError
        As for `read_part`.
    """
    return [*_faults(store, read_part(store, name)["files"].items(), skip, content)]


def all_faults(store: Path, skip: Collection[str] = (), content: bool = True, progress: bool = False) -> list[str]:
    """Differences between a complete store and its manifest.

    Parameters
    ----------
    store : Path
    skip, content
        As for `faults`.
    progress : bool
        Whether to show on a terminal how many files have been compared.

    Returns
    -------
    list of str
        A sentence for each difference, which begins with the store's name.
    """
    if not (store / ROOT_METADATA).is_file():
        return [f"{store}: no complete store; expected a folder with {ROOT_METADATA}"]
    try:
        files = listing(store)
    except InputError as error:
        return [str(error)]
    shown = tqdm(
        files.items(), desc=store.name, unit=" files", delay=1, leave=False, disable=None if progress else True
    )
    found = [*_faults(store, shown, skip, content)] or [*_unlisted(store, files)]
    return [f"{store}: {fault}" for fault in found]


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
    found = all_faults(store, skip, content)
    if found:
        more = f" (and {len(found) - 1} more faults)" if len(found) > 1 else ""
        raise InputError(f"{found[0]}{more}; {repair(store)}")


def check_file(store: Path, file: str, expected: File) -> None:
    """Refuse a file of a store that is missing or was changed.

    Raises
    ------
    InputError
        As for `check`.
    """
    for fault in _faults(store, [(file, expected)]):
        raise InputError(f"{store}: {fault}; {repair(store)}")


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


def _faults(
    store: Path, files: Iterable[tuple[str, File]], skip: Collection[str] = (), content: bool = True
) -> Iterator[str]:
    for file, expected in files:
        path, array = store / file, file.partition("/")[0]
        compared = file.endswith(".json") or (content and array not in skip)
        if not path.is_file():
            yield f"{in_words(file)} is missing"
        elif path.stat().st_size != expected["size"]:
            yield f"{in_words(file)} has {path.stat().st_size} bytes, expected {expected['size']}"
        elif compared and sha256(path) != expected["sha256"]:
            yield f"{in_words(file)} was changed"


def _unlisted(store: Path, files: dict[str, File]) -> Iterator[str]:
    """Chunks of the arrays' grids that are missing in the manifest, so that nobody would miss their files."""
    consolidated = json.loads((store / ROOT_METADATA).read_text(encoding="utf-8"))["consolidated_metadata"]
    for name, array in consolidated["metadata"].items():
        lengths = array["chunk_grid"]["configuration"]["chunk_shape"]
        counts = [-(-whole // length) for whole, length in zip(array["shape"], lengths, strict=True)]
        for place in product(*map(range, counts)):
            file = "/".join((name, "c", *map(str, place)))
            if file not in files:
                yield f"{in_words(file)} is not in the manifest"


def _as_text(part: dict[str, Any]) -> str:
    """The text of a part of a manifest, with its own checksum."""
    checksum = hashlib.sha256(json.dumps(part).encode()).hexdigest()
    return json.dumps(part | {"sha256": checksum}, indent=1) + "\n"
