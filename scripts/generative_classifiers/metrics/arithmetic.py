"""A division that says what it does not know."""

import numpy as np


def ratio(numerator, denominator):
    """Divide, with NaN rather than a warning or an infinity where the denominator is zero.

    Parameters
    ----------
    numerator, denominator : array_like
        Shapes that broadcast.

    Returns
    -------
    numpy.ndarray of float64
    """
    numerator, denominator = np.broadcast_arrays(numerator, denominator)
    undefined = np.full(numerator.shape, np.nan)
    return np.divide(numerator, denominator, out=undefined, where=denominator != 0)
