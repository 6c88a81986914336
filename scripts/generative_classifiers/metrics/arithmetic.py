"""A division that returns NaN where it is undefined."""

import numpy as np


def ratio(numerator, denominator):
    """Divide, with NaN instead of a warning or an infinity where the denominator is zero.

    Parameters
    ----------
    numerator, denominator : array_like
        Shapes that broadcast.

    Returns
    -------
    numpy.ndarray of float64

    Examples
    --------
    >>> ratio([1, 0], [4, 0])
    array([0.25,  nan])
    """
    numerator, denominator = np.broadcast_arrays(numerator, denominator)
    undefined = np.full(numerator.shape, np.nan)
    return np.divide(numerator, denominator, out=undefined, where=denominator != 0)
