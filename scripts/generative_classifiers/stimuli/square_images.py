"""Images as models see them: square, RGB, of one resolution."""

import numpy as np
from PIL import Image, ImageOps

from generative_classifiers.io.errors import InputError


def square(image, resolution):
    """Crop the centre to a square and resize it, as in arXiv 2303.15233.

    Parameters
    ----------
    image : PIL.Image.Image
    resolution : int
        Pixels along a side of the result.

    Returns
    -------
    PIL.Image.Image
        The given image if it has this size already.

    Examples
    --------
    >>> square(Image.new("RGB", (640, 480)), 224).size
    (224, 224)
    """
    width, height = image.size
    side = min(width, height)
    if width != height:
        left, top = (width - side) // 2, (height - side) // 2
        image = image.crop((left, top, left + side, top + side))
    return image if side == resolution else image.resize((resolution, resolution), Image.Resampling.BICUBIC)


def squares(images, resolution):
    """Crop and resize several images: `square` for arrays.

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
    """Convert any image to RGB with 8 bits per channel: upright by its EXIF tag, transparent parts on white.

    Parameters
    ----------
    image : PIL.Image.Image

    Returns
    -------
    PIL.Image.Image

    Raises
    ------
    ValueError
        The pixels are floating-point numbers, whose range is unknown.
    """
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits per pixel, which PIL would clip at 255
        values = np.clip(np.asarray(image, np.int64), 0, 65535)
        image = Image.fromarray((values // 257).astype(np.uint8))
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers of unknown range")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def read_image(file, resolution):
    """Read an image file.

    Parameters
    ----------
    file : Path or file object
    resolution : int

    Returns
    -------
    numpy.ndarray
        uint8 (resolution, resolution, channel).

    Raises
    ------
    InputError
        The file is not an image that can be read.
    """
    try:
        with Image.open(file) as image:
            return np.asarray(square(rgb(image), resolution))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"{file}: not a readable image ({error})") from error
