"""Textures: one for each of the 16 categories, as functions of pixel coordinates."""

import numpy as np

TAU = 2 * np.pi


def _lines(position, period, width):
    """Dark lines of a given width (in pixels, soft edges) on a light ground."""
    distance = np.abs((position / period) % 1 - 0.5) * period
    return np.tanh(3 * (distance - width / 2))


def _stripes(position, period, sharpness=1.0):
    return np.tanh(sharpness * np.sin(TAU * position / period)) / np.tanh(sharpness)


def _zigzag(u, v):
    return _stripes(v + 2.5 * np.abs((u / 7) % 1 * 2 - 1), 5, 1.5)


def _rings(u, v):
    return _stripes(np.hypot(u - 3, v + 2), 4.6, 1.5)


def _spots(u, v):
    row = np.floor(v / 7)
    distance = np.hypot((u + 4 * (row % 2)) % 8 - 4, v % 7 - 3.5)
    return np.tanh(2.5 * (distance - 2.1))


def _bricks(u, v):
    row = np.floor(v / 4.5)
    return np.minimum(_lines(v, 4.5, 1.0), _lines(u + 4.5 * (row % 2), 9, 1.0))


def _weave(u, v):
    over = (np.floor(u / 5) + np.floor(v / 5)) % 2
    return np.where(over == 0, _stripes(u, 2.5), _stripes(v, 2.5))


# Their arguments are coordinates (u, v) in pixels, turned and shifted from image to image. Their values are in [-1, 1],
# from dark to light. Their periods are between 2.6 and 12 pixels, except for the gradient.
TEXTURES = {
    "airplane": lambda u, v: _stripes(v, 11, 2.0),  # wide bands
    "bear": lambda u, v: _stripes(u + 1.3 * np.sin(TAU * v / 9), 3.2),  # fine wavy fur
    "bicycle": lambda u, v: np.minimum(_lines(u, 6.5, 1.2), _lines(v, 6.5, 1.2)),  # wire grid
    "bird": _zigzag,  # zigzag scales
    "boat": lambda u, v: _lines(v, 5.5, 1.3),  # planks
    "bottle": lambda u, v: np.sin(TAU * u / 40),  # smooth gradient
    "car": lambda u, v: 2 * np.cos(np.pi * (u + v) / 17) ** 8 - 1,  # diagonal sheen
    "cat": lambda u, v: _stripes(u + 2.2 * np.sin(TAU * v / 14), 6.5, 2.5),  # tabby stripes
    "chair": _weave,
    "clock": _rings,  # concentric rings
    "dog": _spots,  # round spots
    "elephant": lambda u, v: _stripes(v + 0.9 * np.sin(TAU * u / 5) + 0.7 * np.sin(TAU * u / 11), 3.8),  # wrinkles
    "keyboard": lambda u, v: -np.minimum(_lines(u, 5, 1.4), _lines(v, 5, 1.4)),  # square keys
    "knife": lambda u, v: _stripes(u + v, 2.8 * np.sqrt(2)),  # fine hatch
    "oven": _bricks,
    "truck": lambda u, v: np.tanh(4 * np.sin(TAU * u / 12) * np.sin(TAU * v / 12)) / np.tanh(4),  # large checkers
}


def texture(categories, u, v):
    """The textures of several images.

    Parameters
    ----------
    categories : numpy.ndarray
        str (image,): the category of each texture.
    u, v : numpy.ndarray
        float (image, y, x): coordinates in pixels.

    Returns
    -------
    numpy.ndarray
        float32 (image, y, x) in [-1, 1].
    """
    values = np.empty(u.shape, np.float32)
    for category in np.unique(categories):
        chosen = categories == category
        values[chosen] = TEXTURES[category](u[chosen], v[chosen])
    return values
