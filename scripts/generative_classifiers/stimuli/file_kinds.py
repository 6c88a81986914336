"""What a downloaded file must be, told by its content: for files whose checksum nobody has published."""

import csv
import json
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import urlsplit

from generative_classifiers.io.errors import InputError
from generative_classifiers.stimuli.archives import members
from generative_classifiers.study.benchmark_names import COLUMNS

MEGABYTE = 10**6
HEAD = 1024  # bytes in which a page of HTML can be told
ZIP = b"PK\x03\x04"


class Kind(NamedTuple):
    """A kind of file.

    Attributes
    ----------
    limit : int
        Bytes that a file may have.
    check : callable
        Of the path of a file: raises ValueError or OSError unless it is complete and of this kind.
    """

    limit: int
    check: Callable[[Path], None]


def kind_of(url: str) -> Kind:
    """The kind of the file at an address, told by the end of its name.

    Examples
    --------
    >>> kind_of("https://example.org/weights.safetensors?download=true").limit
    50000000000
    """
    name = PurePosixPath(urlsplit(url).path).name.lower()
    return next((kind for suffix, kind in KINDS.items() if name.endswith(suffix)), WEIGHTS)


def check_content(file: Path, url: str) -> None:
    """Check that a downloaded file is what its address promises.

    Parameters
    ----------
    file : Path
    url : str
        Where it is from. The end of the name says what the file must be.

    Raises
    ------
    InputError
        The file is empty, a page of HTML instead of the file, damaged, or of another kind.
    """
    try:
        refuse_page(file)
        kind_of(url).check(file)
    except (ValueError, OSError) as error:
        raise InputError(f"{url}: not kept: {str(error).removeprefix(f'{file}: ')}") from None


def refuse_page(file: Path) -> None:
    """Raise ValueError if a file is empty, or a page of HTML, which servers send instead of what they refuse."""
    with file.open("rb") as opened:
        head = opened.read(HEAD)
    if not head:
        raise ValueError("the file is empty")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise ValueError("the server sent a page of HTML, perhaps of a login or an error, instead of the file")


def _check_archive(file: Path) -> None:
    for _ in members(file):
        pass


def _check_table(file: Path) -> None:
    with file.open(newline="", encoding="utf-8-sig") as opened:
        header = [name.lower() for name in next(csv.reader(opened), [])]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise ValueError(
            f"expected a CSV file with a column {missing[0]!r}, found the columns {', '.join(header)[:200]}"
        )


def _check_image(file: Path) -> None:
    # Imported late: few downloads are images, and Pillow takes as long to import as the rest.
    from generative_classifiers.stimuli.square_images import open_image

    with open_image(file) as image:
        image.load()


def _check_drawing(file: Path) -> None:
    import resvg_py  # the environment of models has no drawings, and not this package

    try:
        resvg_py.svg_to_bytes(svg_path=str(file), width=16, height=16, skip_system_fonts=True)
    except ValueError as error:
        raise ValueError(f"expected an SVG image: {error}") from None


def _check_weights(file: Path) -> None:
    """PyTorch's files are ZIP archives, whose table of contents is at the end; older ones cannot be checked."""
    with file.open("rb") as opened:
        is_zip = opened.read(len(ZIP)) == ZIP
    if is_zip and not zipfile.is_zipfile(file):
        raise ValueError("the file is cut short")


def _check_safetensors(file: Path) -> None:
    """The header, of a length that the first 8 bytes give, says where the last tensor ends (github.com/huggingface)."""
    size = file.stat().st_size
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        if length > size - 8:
            raise ValueError("expected a safetensors file; it has no header, or is cut short")
        header = json.loads(opened.read(length))
    ends = [row["data_offsets"][1] for name, row in header.items() if name != "__metadata__"]
    if 8 + length + max(ends, default=0) != size:
        raise ValueError("expected a safetensors file; its header tells of another length, perhaps it is cut short")


# Limits are about ten times the largest file that the registry names, so that an endless one is noticed.
WEIGHTS = Kind(50_000 * MEGABYTE, _check_weights)
KINDS = {
    ".csv": Kind(50 * MEGABYTE, _check_table),
    ".tar.gz": Kind(4_000 * MEGABYTE, _check_archive),
    ".png": Kind(100 * MEGABYTE, _check_image),
    ".jpg": Kind(100 * MEGABYTE, _check_image),
    ".jpeg": Kind(100 * MEGABYTE, _check_image),
    ".svg": Kind(100 * MEGABYTE, _check_drawing),
    ".safetensors": Kind(50_000 * MEGABYTE, _check_safetensors),
}
