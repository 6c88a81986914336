"""Grey images and opponent colours."""

import numpy as np

# Coefficients of R, G and B in `skimage.color.rgb2gray`, which made the grey images of the benchmark.
LUMA = np.array([0.2125, 0.7154, 0.0721])

# Coefficients of linear R, G and B in the luminance of sRGB (IEC 61966-2-1, ITU-R BT.709).
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def luma(images):
    """Grey values of colour images. As in the benchmark, the values are not linear in light.

    Parameters
    ----------
    images : numpy.ndarray
        (..., 3) in [0, 1].

    Returns
    -------
    numpy.ndarray
        (...) in [0, 1].
    """
    return images @ LUMA


def desaturated(images):
    """Replace all three channels by the grey value: condition bw of the dataset colour.

    Parameters
    ----------
    images : numpy.ndarray
        (..., 3) in [0, 1].

    Returns
    -------
    numpy.ndarray
        The same shape.
    """
    return np.repeat(luma(images)[..., None], 3, axis=-1)


def to_linear(images):
    """Light that an sRGB display emits in each channel, for values in [0, 1]."""
    return np.where(images <= 0.04045, images / 12.92, ((images + 0.055) / 1.055) ** 2.4)


def from_linear(light):
    """Values in [0, 1] for which an sRGB display emits the given light: the inverse of `to_linear`."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def false_colour(images):
    """Turn every colour into the opponent colour of the same luminance.

    In a DKL space (Derrington, Krauskopf & Lennie 1984; Brainard 1996), the benchmark negates both chromatic axes,
    L - M and S - (L + M), and keeps the luminance axis, L + M. Both chromatic axes are 0 for grey. Therefore the
    operation is the reflection of linear light in the grey axis, 2 Y - rgb, for any cones: only the coefficients of
    luminance matter. The benchmark measured those of its monitor; here they are those of sRGB.

    Opponent colours outside the gamut are moved towards grey until they fit, which keeps their luminance. The benchmark
    clips them, which changes it. If an opponent colour fits, its opponent is the original colour.

    Parameters
    ----------
    images : numpy.ndarray
        (..., 3) in [0, 1].

    Returns
    -------
    numpy.ndarray
        The same shape, in [0, 1].
    """
    light = to_linear(images)
    luminance = (light @ LUMINANCE)[..., None]
    chroma = luminance - light
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(chroma > 0, (1 - luminance) / chroma, np.where(chroma < 0, -luminance / chroma, 1))
    saturation = np.minimum(1, room.min(axis=-1, keepdims=True))
    return from_linear(np.clip(luminance + saturation * chroma, 0, 1))
