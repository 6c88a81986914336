"""The stimuli of a dataset, from an archive of the model-vs-human benchmark or a folder of one's own."""

import io
from collections.abc import Callable
from functools import partial
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np
import xarray as xr

from generative_classifiers.io.errors import InputError
from generative_classifiers.stimuli.archives import members
from generative_classifiers.stimuli.image_names import image_names
from generative_classifiers.stimuli.square_images import open_image, read_image
from generative_classifiers.study.benchmark_names import image_name, texture_coords

SIZE = 224  # pixels along a side of the images that humans saw
# In `0001_cl_dnn_cr_oven_40_n04111531_14126.png`, an image of the condition `cr` and the category `oven`.
CONDITION, CATEGORY = 3, 4


class Member(NamedTuple):
    """An image in an archive or a folder, as its path describes it.

    Attributes
    ----------
    path : PurePosixPath
        For errors.
    name, category, condition : str
    read : callable
        Gives its pixels, uint8 (y, x, channel).
    """

    path: PurePosixPath
    name: str
    category: str
    condition: str
    read: Callable[[], np.ndarray]


def read_stimuli(place, dataset, images):
    """Read the stimuli of a dataset, and check that they are the images that the observers saw.

    Parameters
    ----------
    place : Path
        An archive, whose images have paths such as `<dataset>/<category>/<image>` or
        `<dataset>/dnn/session-1/<trial>_…_<image>`; or a folder with images at `<condition>/<category>/<image>` or,
        in a nonparametric dataset, at `<category>/<image>`. The images of a folder may be of any format and size that
        `square_images.read_image` reads.
    dataset : str
    images : pandas.DataFrame
        The images that observers saw: category and condition by name, sorted by name, as
        `decisions.side_by_side.images_seen` gives them.

    Returns
    -------
    xarray.Dataset
        `image` uint8 (image, y, x, channel), sorted by name; for each image name, category, condition, and for
        cue-conflict texture_category.

    Raises
    ------
    InputError
        An image is missing, unexpected, there twice, of another category or condition than published, or unreadable; in
        an archive also if it is not a PNG of 224 x 224 pixels in RGB. The message names the archive and the image.
    """
    nonparametric = set(images.condition) == {"all"}
    found = _of_folder(place, nonparametric) if place.is_dir() else _of_archive(place, dataset, nonparametric)
    seen = np.zeros(len(images), bool)
    pixels = np.zeros((len(images), SIZE, SIZE, 3), np.uint8)
    for member in found:
        position = _position(place, member, images)
        if seen[position]:
            raise InputError(f"{place}: image {member.name} occurs twice, again as {member.path}")
        pixels[position] = member.read()
        seen[position] = True
    if not seen.all():
        raise InputError(f"{place}: image {images.index[~seen][0]} is missing; expected {len(images)} images")
    return _dataset(dataset, images, pixels)


def _dataset(dataset, images, pixels):
    return xr.Dataset(
        {"image": (("image", "y", "x", "channel"), pixels)},
        coords={
            "name": ("image", images.index.to_numpy(str)),
            "category": ("image", images.category.to_numpy(str)),
            "condition": ("image", images.condition.to_numpy(str)),
            **texture_coords(dataset, images.index),
        },
    )


def _of_archive(archive, dataset, nonparametric):
    """The images of an archive."""
    for path, content in members(archive):
        # Operating systems add hidden files of their own.
        if path.name.startswith(".") or path.suffix.lower() != ".png":
            continue
        name, category, condition = _described_in_archive(archive, dataset, path, nonparametric)
        yield Member(path, name, category, condition, partial(_pixels, archive, path, content))


def _described_in_archive(archive, dataset, path, nonparametric):
    """Name, category and condition of an image by its path, in either of the two layouts."""
    top, *folders = path.parts[:-1] or [""]
    if top == dataset and len(folders) == 1:
        return path.name, folders[0], "all"
    fields = path.name.split("_")
    if top == dataset and folders == ["dnn", "session-1"] and len(fields) > CATEGORY + 2:
        return image_name(path.name), fields[CATEGORY], "all" if nonparametric else fields[CONDITION]
    raise InputError(
        f"{archive}: image {path}: expected the path {dataset}/<category>/<image> "
        f"or {dataset}/dnn/session-1/<trial>_…_<image>"
    )


def _of_folder(folder, nonparametric):
    """The images of a folder."""
    for path in map(PurePosixPath, image_names(folder, note=True)):
        *conditions, category = path.parts[:-1] or [""]
        if nonparametric and not conditions:
            conditions = ["all"]
        if not category or len(conditions) != 1:
            layout = "<category>/<image>" if nonparametric else "<condition>/<category>/<image>"
            raise InputError(f"{folder}: image {path}: expected the path {layout}")
        yield Member(path, image_name(path.name), category, conditions[0], partial(read_image, folder / path, SIZE))


def _position(place, member, images):
    """Number of the image among those that observers saw."""
    where = f"{place}: image {member.path}"
    if member.name not in images.index:
        raise InputError(f"{where} is unexpected: no observer of the dataset saw it")
    position = images.index.get_loc(member.name)
    seen = images.iloc[position]
    if (member.category, member.condition) != (seen.category, seen.condition):
        raise InputError(
            f"{where} is {member.category} in condition {member.condition}; "
            f"observers saw it as {seen.category} in condition {seen.condition}"
        )
    return position


def _pixels(archive, path, content):
    """The pixels of a PNG, uint8 (y, x, channel)."""
    where = f"{archive}: image {path}"
    with open_image(io.BytesIO(content), where, formats=["PNG"]) as image:
        size, mode = image.size, image.mode
        pixels = np.asarray(image.convert("RGB")) if size == (SIZE, SIZE) else None
    if pixels is None or mode not in _modes(path):
        raise InputError(f"{where} has {size[0]} x {size[1]} pixels in {mode}; expected {SIZE} x {SIZE} in RGB")
    return pixels


def _modes(path):
    """The allowed colour modes. Distorted images may be stored in grey, which RGB represents without loss."""
    return ("RGB", "L") if "dnn" in path.parts else ("RGB",)
