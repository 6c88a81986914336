"""A spatial-frequency channel: at which frequencies noise costs an observer accuracy."""

from typing import NamedTuple

import numpy as np

SD_OF_WIDTH = 1 / np.sqrt(8 * np.log(2))  # standard deviation of a Gaussian by its full width at half maximum


class Channel(NamedTuple):
    """A Gaussian over the logarithm of the frequency.

    Attributes
    ----------
    centre : float
        log2 of the frequency in cycles per image.
    width : float
        Full width at half maximum in octaves.
    peak : float
        The largest loss of accuracy.
    """

    centre: float
    width: float
    peak: float


def gaussian(octaves, centre, width, peak):
    """The loss of accuracy under noise at frequencies, given as log2 of cycles per image.

    Examples
    --------
    >>> gaussian(np.array([3.0, 4.0]), centre=3, width=2, peak=0.4)
    array([0.4, 0.2])
    """
    return peak * np.exp(-0.5 * ((octaves - centre) / (SD_OF_WIDTH * width)) ** 2)
