"""Images as models see them: square, RGB, of one resolution."""

import warnings
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

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


@contextmanager
def open_image(file, name=None, formats=None):
    """Open an image file. Errors inside the `with` block count as errors of the file.

    Parameters
    ----------
    file : Path or file object
    name : str, optional
        What errors call the file.
    formats : list of str, optional
        Pillow's names of the formats that are allowed; by default all that it knows.

    Yields
    ------
    PIL.Image.Image

    Raises
    ------
    InputError
        The file is not an image that can be read, or declares more than 179 million pixels
        (`PIL.Image.MAX_IMAGE_PIXELS`), for which there might not be enough memory.
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns of half as many pixels as it refuses; cameras exist that take such pictures.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file, formats=formats) as image:
                yield image
    except Exception as error:  # a damaged file can make a decoder raise anything
        kind = f"{formats[0]} image" if formats else "image"
        raise InputError(f"{name or file}: not a readable {kind} ({_reason(error)})") from error


def _reason(error):
    if isinstance(error, UnidentifiedImageError):
        return "no image in a known format"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(text.split())


def read_image(file, resolution, name=None):
    """Read an image file. Of an animation this is the first picture.

    Parameters
    ----------
    file : Path or file object
    resolution : int
    name : str, optional
        What errors call the file.

    Returns
    -------
    numpy.ndarray
        uint8 (resolution, resolution, channel).

    Raises
    ------
    InputError
        The file is not an image that can be read.
    """
    with open_image(file, name) as image:
        return np.asarray(square(rgb(image), resolution))
