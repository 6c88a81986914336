"""Intervals of proportions of independent trials."""

import numpy as np
from scipy.special import ndtri

from generative_classifiers.metrics.resampling import LEVEL


def wilson(count, n):
    """Wilson's score interval of proportions (Wilson 1927).

    Parameters
    ----------
    count, n : array_like of the same shape
        Successes and trials.

    Returns
    -------
    numpy.ndarray of float64, shape (..., 2)
        Lower and upper bound; NaN where there is no trial.

    Examples
    --------
    >>> wilson([5, 0], [10, 0]).round(3)
    array([[0.237, 0.763],
           [  nan,   nan]])
    """
    count, n = np.asarray(count, float), np.asarray(n, float)
    share, z = np.divide(count, n, out=np.full(n.shape, np.nan), where=n > 0), ndtri((1 + LEVEL) / 2)
    per_trial = np.divide(z**2, n, out=np.zeros(n.shape), where=n > 0)
    centre, half_width = share + per_trial / 2, np.sqrt(per_trial * (share * (1 - share) + per_trial / 4))
    bounds = np.stack([centre - half_width, centre + half_width], axis=-1) / (1 + per_trial[..., None])
    return np.clip(bounds, 0, 1)  # rounding can leave the range
