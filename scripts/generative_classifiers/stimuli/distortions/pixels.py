"""Distortions of single pixels: contrast, uniform noise and rotation."""

import numpy as np

MID_GREY = 0.5
NOISE_CONTRAST = 0.3  # contrast of the image under uniform noise (Geirhos et al. 2018)


def contrast(images, level):
    """Scale the deviation from mid-grey.

    Parameters
    ----------
    images : numpy.ndarray
        In [0, 1].
    level : float
        Nominal contrast in [0, 1]; 1 changes nothing.

    Returns
    -------
    numpy.ndarray
        The same shape.
    """
    return MID_GREY + level * (images - MID_GREY)


def uniform_noise(images, width, generators):
    """Reduce the contrast to 30 % and add uniform noise that is independent from pixel to pixel.

    Parameters
    ----------
    images : numpy.ndarray
        (image, y, x) in [0, 1].
    width : float
        The noise is in [-width, width).
    generators : sequence of numpy.random.Generator
        One per image.

    Returns
    -------
    numpy.ndarray
        The same shape.
    """
    noise = [generator.uniform(-width, width, images.shape[1:]) for generator in generators]
    return contrast(images, NOISE_CONTRAST) + np.stack(noise)


def rotation(images, angle):
    """Rotate images counter-clockwise.

    Parameters
    ----------
    images : numpy.ndarray
        (image, y, x), y pointing down.
    angle : int
        A multiple of 90 degrees.

    Returns
    -------
    numpy.ndarray
        (image, y, x): the same pixels at other places.
    """
    return np.rot90(images, angle // 90, axes=(1, 2))
