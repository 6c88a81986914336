"""Grey images and opponent colours."""

import numpy as np

# Weights of R, G, B in `skimage.color.rgb2gray`, with which the benchmark made its grey images.
LUMA = np.array([0.2125, 0.7154, 0.0721])

# Weights of linear R, G, B in the luminance of sRGB (IEC 61966-2-1, ITU-R BT.709).
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def luma(images):
    """Grey values of colour images, weighted without undoing the display's gamma, as the benchmark does.

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
    """Replace all three channels by the grey value (dataset colour, condition bw).

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
    """Light per channel that an sRGB display emits for values in [0, 1]."""
    return np.where(images <= 0.04045, images / 12.92, ((images + 0.055) / 1.055) ** 2.4)


def from_linear(light):
    """Values in [0, 1] for which an sRGB display emits this light: the inverse of `to_linear`."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def false_colour(images):
    """Turn every colour into its opponent colour of the same luminance.

    In a DKL space (Derrington, Krauskopf & Lennie 1984; Brainard 1996) the benchmark negates both chromatic
    axes, L - M and S - (L + M), and keeps the luminance axis, L + M. Both chromatic axes vanish on greys,
    so this is the reflection of linear light in the grey axis, 2 Y - rgb, whatever the cones: only the
    weights of luminance matter. We take those of sRGB, the benchmark those measured on its monitor.
    Opponents outside the gamut are drawn towards grey just far enough to fit, which keeps their luminance;
    the benchmark clips them, which does not. Where the opponent fits, the opponent of the opponent is the
    colour itself.

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
