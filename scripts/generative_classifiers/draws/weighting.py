"""Weighting: what the losses of a noise level count for in a decision."""

import numpy as np

from generative_classifiers.io.errors import InputError

WEIGHTINGS = ("exponential", "simple", "uniform")
RATE = 7.0  # arXiv 2303.15233, section 4


def level_weighting(time, alpha, sigma, weighting="exponential", rate=RATE):
    """What each draw's x0 error counts for.

    Parameters
    ----------
    time, alpha, sigma : array_like
        (draw,), as an evidence store has them.
    weighting : {"exponential", "simple", "uniform"}
        exp(-rate * t); the signal-to-noise ratio, which turns x0 errors into epsilon errors; or 1.
    rate : float
        Of "exponential".

    Returns
    -------
    numpy.ndarray
        float64 (draw,); 1 where time is NaN.
    """
    time, alpha, sigma = (np.asarray(values, np.float64) for values in (time, alpha, sigma))
    if weighting == "exponential":
        weight = np.exp(-rate * time)
    elif weighting == "simple":
        weight = (alpha / sigma) ** 2
    elif weighting == "uniform":
        weight = np.ones_like(time)
    else:
        raise InputError(f"weighting: {weighting!r} is none of {', '.join(WEIGHTINGS)}")
    return np.where(np.isnan(time), 1.0, weight)


def scores(loss, weight):
    """Weighted mean of the losses over the draws that a category has; the smallest score is the decision.

    Parameters
    ----------
    loss : array_like
        (image, category, draw), NaN where not evaluated.
    weight : array_like
        (draw,).

    Returns
    -------
    numpy.ndarray
        float64 (image, category); NaN where no draw was evaluated.
    """
    return mean(np.asarray(loss, np.float64) * weight, axis=-1)


def pruning_correction(loss, weight):
    """What to add to the scores of categories that have fewer draws than others, to compare them.

    Draws differ in how large losses are at all, so that a category that was dropped after the easy ones would seem
    better than those that went on. It is compared on the draws that it has: the handicap is by how much the score of
    the categories with the most draws differs between all these and its own.

    Parameters
    ----------
    loss, weight
        As for `scores`.

    Returns
    -------
    numpy.ndarray
        float64 (image, category); 0 where all categories have the same draws.
    """
    terms = np.asarray(loss, np.float64) * weight
    there = ~np.isnan(terms)
    count = there.sum(axis=-1, keepdims=True)
    most = np.where(count == count.max(axis=-2, keepdims=True), terms, np.nan)
    level = np.broadcast_to(mean(most, axis=-2)[..., None, :], terms.shape)
    return np.nan_to_num(mean(level, axis=-1) - mean(np.where(there, level, np.nan), axis=-1))


def mean(values, axis):
    """Mean of the values that are no NaN; NaN where there is none."""
    there = ~np.isnan(values)
    count = there.sum(axis=axis)
    total = np.where(there, values, 0).sum(axis=axis)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
