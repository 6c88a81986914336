"""Images as models see them: square, RGB, of one resolution; from arrays or from a folder of files."""

from pathlib import Path

import numpy as np
import xarray as xr
from PIL import Image, ImageOps

from generative_classifiers.io.errors import InputError


def square(image, resolution):
    """Crop the centre to a square and resize it, as arXiv 2303.15233 does.

    Parameters
    ----------
    image : PIL.Image.Image
    resolution : int
        Side of the result in pixels.

    Returns
    -------
    PIL.Image.Image
        The image itself where nothing is to be done.
    """
    width, height = image.size
    side = min(width, height)
    if width != height:
        left, top = (width - side) // 2, (height - side) // 2
        image = image.crop((left, top, left + side, top + side))
    return image if side == resolution else image.resize((resolution, resolution), Image.Resampling.BICUBIC)


def squares(images, resolution):
    """`square` for a batch of arrays.

    Parameters
    ----------
    images : numpy.ndarray
        uint8 (image, y, x, channel).
    resolution : int

    Returns
    -------
    numpy.ndarray
        uint8 (image, resolution, resolution, channel).
    """
    if images.shape[1:3] == (resolution, resolution):
        return images
    return np.stack([np.asarray(square(Image.fromarray(image), resolution)) for image in images])


def rgb(image):
    """Eight-bit RGB of any image: upright by its EXIF tag, transparent parts on white.

    Parameters
    ----------
    image : PIL.Image.Image

    Returns
    -------
    PIL.Image.Image
    """
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits a pixel, which PIL would clip at 255
        values = np.clip(np.asarray(image, np.int64), 0, 65535)
        image = Image.fromarray((values // 257).astype(np.uint8))
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers of unknown range")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def read(path, resolution):
    """One image file as uint8 (resolution, resolution, channel)."""
    try:
        with Image.open(path) as image:
            return np.asarray(square(rgb(image), resolution))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"{path}: not a readable image ({error})") from error


def image_names(folder):
    """Names of a folder's images, sorted: their paths relative to it. Hidden files (.name) are none."""
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of images")
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    names = [name for name in names if not any(part.startswith(".") for part in name.split("/"))]
    if not names:
        raise InputError(f"{folder}: holds no images")
    return names


def read_folder(folder, resolution, categories=()):
    """Stimuli from any folder of images and its sub-folders.

    Parameters
    ----------
    folder : Path
        Every file in it must be an image, hidden ones (.name) aside.
    resolution : int
        Side in pixels to which each image's central square is resized.
    categories : sequence of str
        An image in a folder of such a name has it as its true category.

    Returns
    -------
    xarray.Dataset
        As `stimuli/<dataset>.zarr`: image uint8 (image, y, x, channel) in the order of names, which are
        paths relative to the folder; one condition, `all`; category '' where unknown.

    Raises
    ------
    InputError
        The folder is missing or empty, or a file of it is not an image.
    """
    names = image_names(folder)
    images = np.stack([read(Path(folder) / name, resolution) for name in names])
    parents = [Path(name).parent.name for name in names]
    return xr.Dataset(
        {"image": (("image", "y", "x", "channel"), images)},
        coords={
            "name": ("image", np.array(names, object)),
            "category": ("image", np.array([p if p in categories else "" for p in parents], object)),
            "condition": ("image", np.full(len(names), "all", object)),
        },
    )
