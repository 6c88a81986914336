"""Weighting: how much the losses at each noise level count in the score of a category."""

from typing import Any, Protocol

import numpy as np

from generative_classifiers.io.errors import InputError

WEIGHTINGS = ("exponential", "simple", "uniform")
RATE = 7.0  # arXiv 2303.15233, section 4
LARGEST_RATE = 100.0  # above it, rounding to zero leaves few draws


class LevelWeighting(Protocol):
    """A weighting with settings of its own: `draws.log_snr.LogSnrWeighting`, `draws.learned.LearnedWeighting`."""

    @property
    def identity(self) -> dict[str, Any]:
        """The settings, as plain data."""

    def at(self, time: np.ndarray, alpha: np.ndarray, sigma: np.ndarray) -> np.ndarray:
        """What each draw counts for."""


def identity_of(weighting: str | LevelWeighting) -> str | dict[str, Any]:
    """A weighting, as plain data."""
    return weighting if isinstance(weighting, str) else weighting.identity


def level_weighting(time, alpha, sigma, weighting="exponential", rate=RATE):
    """How much the squared error of the denoised image counts at each draw.

    Parameters
    ----------
    time, alpha, sigma : array_like
        (draw,): as in an evidence store.
    weighting : {"exponential", "simple", "uniform"} or LevelWeighting
        "exponential": exp(-rate * time), the weighting of arXiv 2303.15233. "simple": the signal-to-noise ratio
        alpha² / sigma², which turns the error of the image into the error of the noise. "uniform": 1.
    rate : float
        Rate of the exponential weighting.

    Returns
    -------
    numpy.ndarray
        float64 (draw,); 1 where time is NaN.

    Raises
    ------
    InputError
        The weighting is unknown, or the rate is negative or so large that it leaves few draws.

    Examples
    --------
    >>> level_weighting([0.0, 0.1], [1.0, 0.9], [0.1, 0.4]).round(3)
    array([1.   , 0.497])
    """
    time, alpha, sigma = (np.asarray(values, np.float64) for values in (time, alpha, sigma))
    if not 0 <= rate <= LARGEST_RATE:
        raise InputError(f"rate: expected a number from 0 to {LARGEST_RATE:g}, found {rate}")
    if np.isnan(time).all():
        return np.ones_like(time)
    if not isinstance(weighting, str):
        weight = weighting.at(time, alpha, sigma)
    elif weighting == "exponential":
        weight = np.exp(-rate * time)
    elif weighting == "simple":
        weight = (alpha / sigma) ** 2
    elif weighting == "uniform":
        weight = np.ones_like(time)
    else:
        raise InputError(f"weighting: {weighting!r} is unknown, expected one of {', '.join(WEIGHTINGS)}")
    return np.where(np.isnan(time), 1.0, weight)


AnyWeighting = str | LevelWeighting


def effective_draws(contribution):
    """How many draws of equal contributions are worth as much as these.

    Parameters
    ----------
    contribution : array_like
        (draw,): by how much each draw moves the score, at least 0. For `level_weighting` over the density of the levels
        it is that, times the spread of the losses at the level.

    Returns
    -------
    float
        From 1 to the number of draws (Kish's effective sample size); 0 if nothing counts.

    Examples
    --------
    >>> effective_draws([1.0, 1.0, 0.0])
    2.0
    """
    contribution = np.asarray(contribution, np.float64)
    squares = np.square(contribution).sum()
    return float(contribution.sum() ** 2 / squares) if squares > 0 else 0.0


def scores(loss, weight):
    """Score of each category: the weighted mean of its losses. The smallest score is the decision.

    Parameters
    ----------
    loss : array_like
        (image, category, draw); NaN where a loss was not evaluated. Such draws do not count in the mean.
    weight : array_like
        (draw,): as `level_weighting` gives it.

    Returns
    -------
    numpy.ndarray
        float64 (image, category); NaN where a category has no draw.

    Examples
    --------
    >>> scores([[[1, 3], [4, np.nan]]], [1, 1])
    array([[2., 4.]])
    """
    return _mean(np.asarray(loss, np.float64) * weight, axis=-1)


def pruning_correction(loss, weight):
    """What makes the scores of categories comparable that have different numbers of draws.

    Losses are larger at some draws than at others, whatever the category. If the first draws of an image happen to have
    small losses, a category that was dropped after them would have a smaller score than a category that was not
    dropped. Therefore the score of a dropped category is raised by as much as the mean loss of the categories that
    have the most draws is larger over all their draws than over the draws of the dropped category.

    Parameters
    ----------
    loss, weight
        As for `scores`.

    Returns
    -------
    numpy.ndarray
        float64 (image, category): what must be added to the scores; 0 where all categories have the same draws.

    Examples
    --------
    The second draw has larger losses. The category that was dropped before it has the smaller mean, but lost.

    >>> loss = [[[1.0, 9.0], [1.5, np.nan]]]
    >>> scores(loss, [1, 1])
    array([[5. , 1.5]])
    >>> scores(loss, [1, 1]) + pruning_correction(loss, [1, 1])
    array([[5. , 5.5]])
    """
    weighted = np.asarray(loss, np.float64) * weight
    evaluated = ~np.isnan(weighted)
    draws = evaluated.sum(axis=-1, keepdims=True)
    has_most_draws = draws == draws.max(axis=-2, keepdims=True)
    reference = _mean(np.where(has_most_draws, weighted, np.nan), axis=-2)[:, None, :]
    over_all_draws = _mean(reference, axis=-1)
    over_own_draws = _mean(np.where(evaluated, reference, np.nan), axis=-1)
    return np.nan_to_num(over_all_draws - over_own_draws)


def _mean(values, axis):
    """Mean of the values that are not NaN; NaN if there are none."""
    defined = ~np.isnan(values)
    count = defined.sum(axis=axis)
    total = np.where(defined, values, 0).sum(axis=axis)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
