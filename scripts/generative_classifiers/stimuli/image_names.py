"""Names of the images in a folder. No image is read here."""

import sys
from collections import defaultdict
from pathlib import Path

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.folders import files_in

# Endings of the names of images, in lower case. Pillow knows more, among them formats of documents and videos.
ENDINGS = (
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".jp2",
    ".ppm", ".pgm", ".pbm", ".pnm", ".tga",
)  # fmt: skip


def image_names(folder, note=False):
    """Names of the images in a folder and its sub-folders.

    Parameters
    ----------
    folder : Path
        Files count as images by the ends of their names (`ENDINGS`). Others are skipped, and so are hidden files and
        folders, whose names begin with a dot. Links are followed.
    note : bool, optional
        Whether to write a line on stderr if files are skipped.

    Returns
    -------
    list of str
        Paths relative to the folder, sorted.

    Raises
    ------
    InputError
        The folder is missing, cannot be read, has no images, a link that leads nowhere or back, or an image whose name
        is not UTF-8.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of images")
    files = [path.relative_to(folder).as_posix() for path in files_in(folder)]
    names = sorted(name for name in files if _is_image(name))
    skipped = sorted(set(files) - set(names))
    if note and skipped:
        print(f"{folder}: skipped {_counted(skipped)}", file=sys.stderr)
    if not names:
        raise InputError(f"{folder}: contains no images; expected names that end in {', '.join(ENDINGS)}")
    for name in names:
        _check_name(folder, name)
    return names


def _counted(skipped):
    if len(skipped) == 1:
        return f"1 file that is hidden or not an image, {skipped[0]!r}"
    return f"{len(skipped)} files that are hidden or not images, the first is {skipped[0]!r}"


def _is_image(name):
    hidden = any(part.startswith(".") for part in name.split("/"))
    return not hidden and name.lower().endswith(ENDINGS)


def _check_name(folder, name):
    """Raise InputError for the name of an image that no store can have, or that leads to no file."""
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InputError(f"{folder}: {name!r}: expected a name in UTF-8") from None
    if not (folder / name).is_file():
        raise InputError(f"{folder / name}: is not a file, or a link that leads nowhere; expected an image")


def first_names(names, limit=None):
    """The first names of each folder.

    Parameters
    ----------
    names : sequence of str
        Paths, sorted.
    limit : int, optional
        How many; all without it.

    Returns
    -------
    list of str

    Examples
    --------
    >>> first_names(["cat/1.png", "cat/2.png", "dog/1.png"], 1)
    ['cat/1.png', 'dog/1.png']
    """
    folders = defaultdict(list)
    for name in names:
        folders[Path(name).parent].append(name)
    return sorted(name for members in folders.values() for name in members[:limit])
