"""Archives of the model-vs-human benchmark -> stimuli."""

import io
from typing import NamedTuple

import numpy as np
import xarray as xr
from PIL import Image

from generative_classifiers.io.errors import InputError
from generative_classifiers.stimuli.archives import members
from generative_classifiers.study.benchmark_names import image_name, texture_coords

SIZE = 224  # pixels along a side of the images that humans saw
# In `0001_cl_dnn_cr_oven_40_n04111531_14126.png`, an image of the condition `cr` and the category `oven`.
CONDITION, CATEGORY = 3, 4


class Member(NamedTuple):
    """An image in an archive, as its path describes it."""

    name: str
    category: str
    condition: str


def read_stimuli(archive, dataset, images):
    """Read the stimuli of a dataset, and check that they are the images that the observers saw.

    Parameters
    ----------
    archive : Path
        Its images have paths such as `<dataset>/<category>/<image>` or `<dataset>/dnn/session-1/<trial>_…_<image>`.
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
        An image is missing, unexpected, in the archive twice, of another category or condition than published, not a
        PNG, or not of 224 x 224 pixels in RGB. The message names the archive and the image.
    """
    nonparametric = set(images.condition) == {"all"}
    seen = np.zeros(len(images), bool)
    pixels = np.zeros((len(images), SIZE, SIZE, 3), np.uint8)
    for path, content in members(archive):
        # Operating systems add hidden files of their own.
        if path.name.startswith(".") or path.suffix.lower() != ".png":
            continue
        member = _member(archive, dataset, path, nonparametric)
        position = _position(archive, path, member, images)
        if seen[position]:
            raise InputError(f"{archive}: image {member.name} occurs twice, again as {path}")
        pixels[position] = _pixels(archive, path, content)
        seen[position] = True
    if not seen.all():
        raise InputError(f"{archive}: image {images.index[~seen][0]} is missing; expected {len(images)} images")
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


def _member(archive, dataset, path, nonparametric):
    """The image that a path describes, in either of the two layouts."""
    top, *folders = path.parts[:-1]
    if top == dataset and len(folders) == 1:
        return Member(path.name, folders[0], "all")
    fields = path.name.split("_")
    if top == dataset and folders == ["dnn", "session-1"] and len(fields) > CATEGORY + 2:
        return Member(image_name(path.name), fields[CATEGORY], "all" if nonparametric else fields[CONDITION])
    raise InputError(
        f"{archive}: image {path}: expected the path {dataset}/<category>/<image> "
        f"or {dataset}/dnn/session-1/<trial>_…_<image>"
    )


def _position(archive, path, member, images):
    """Number of the image among those that observers saw."""
    if member.name not in images.index:
        raise InputError(f"{archive}: image {path} is unexpected: no observer of the dataset saw it")
    position = images.index.get_loc(member.name)
    seen = images.iloc[position]
    if (member.category, member.condition) != (seen.category, seen.condition):
        raise InputError(
            f"{archive}: image {path} is {member.category} in condition {member.condition}; "
            f"observers saw it as {seen.category} in condition {seen.condition}"
        )
    return position


def _pixels(archive, path, content):
    """The pixels of a PNG, uint8 (y, x, channel)."""
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            size, mode = image.size, image.mode
            pixels = np.asarray(image.convert("RGB")) if size == (SIZE, SIZE) else None
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{archive}: image {path} is not a readable PNG: {error}") from None
    if pixels is None or mode not in _modes(path):
        raise InputError(
            f"{archive}: image {path} has {size[0]} x {size[1]} pixels in {mode}; expected {SIZE} x {SIZE} in RGB"
        )
    return pixels


def _modes(path):
    """The allowed colour modes. Distorted images may be stored in grey, which RGB represents without loss."""
    return ("RGB", "L") if "dnn" in path.parts else ("RGB",)
