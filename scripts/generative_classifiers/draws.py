"""Draws: which noise levels evidence is gathered at, and what each counts for in a decision."""

from dataclasses import dataclass, fields

import numpy as np

from generative_classifiers.errors import InputError
from generative_classifiers.noise import generator

GOLDEN_RATIO = (1 + 5**0.5) / 2
TIMES = ("golden", "uniform")
WEIGHTINGS = ("exponential", "simple", "uniform")
RATE = 7.0  # arXiv 2303.15233, section 4


@dataclass(frozen=True)
class Draws:
    """Noise levels of an evidence store, each with the noise sample of the same number.

    A slice of draws is draws.

    Parameters
    ----------
    number : numpy.ndarray
        int64 (draw,): the part of the noise's key that tells one draw from another.
    time : numpy.ndarray
        float64 (draw,) in [0, 1], from clean to noise; NaN where a family has no noise levels.
    alpha, sigma : numpy.ndarray
        float64 (draw,): scales of the image and of the noise; NaN where time is.
    seed : numpy.ndarray
        int64 (draw,).
    """

    number: np.ndarray
    time: np.ndarray
    alpha: np.ndarray
    sigma: np.ndarray
    seed: np.ndarray

    def __len__(self):
        return len(self.number)

    def __getitem__(self, part):
        return Draws(*(getattr(self, field.name)[part] for field in fields(self)))


def times(count, seed, rule="golden"):
    """Noise levels of the first draws: asking for more keeps those there were.

    Parameters
    ----------
    count, seed : int
    rule : {"golden", "uniform"}
        "golden": frac(0.5 + i / golden ratio), spread evenly for any count. "uniform": random.

    Returns
    -------
    numpy.ndarray
        float64 (draw,) in [0, 1).
    """
    if rule == "golden":
        return (0.5 + np.arange(count) / GOLDEN_RATIO) % 1
    if rule == "uniform":
        return np.array([generator("time", i, seed).random() for i in range(count)])
    raise InputError(f"times: {rule!r} is none of {', '.join(TIMES)}")


def single(seed):
    """The one draw of a family without noise levels."""
    nothing = np.full(1, np.nan)
    return Draws(np.zeros(1, np.int64), nothing, nothing, nothing, np.full(1, seed, np.int64))


def weights(time, alpha, sigma, weighting="exponential", rate=RATE):
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


def handicaps(loss, weight):
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
