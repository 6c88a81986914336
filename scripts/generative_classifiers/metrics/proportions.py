"""Intervals of proportions of independent trials."""

import numpy as np
from statsmodels.stats.proportion import proportion_confint

from generative_classifiers.metrics.resampling import LEVEL


def wilson(count, n):
    """Wilson's score interval of proportions (Wilson 1927), computed by statsmodels.

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
    bounds, some = np.full((*n.shape, 2), np.nan), n > 0
    bounds[some] = np.stack(proportion_confint(count[some], n[some], 1 - LEVEL, method="wilson"), axis=-1)
    return bounds
