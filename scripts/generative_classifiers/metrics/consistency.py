"""Do two observers err on the same images?

Error consistency: Geirhos, Meding & Wichmann 2020, arXiv 2006.16736.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from generative_classifiers.metrics.arithmetic import ratio
from generative_classifiers.metrics.cells import Cell, cells_of, correctness, stack
from generative_classifiers.metrics.resampling import BOUND, interval, resample


class Consistency(NamedTuple):
    """Consistency of pairs in one cell, each of shape (observer, other) or (resample, pair)."""

    observed: np.ndarray
    expected: np.ndarray
    kappa: np.ndarray


class ConsistencyIntervals(NamedTuple):
    """Intervals of all pairs in one cell, each of shape (observer, other, bound)."""

    observed_interval: np.ndarray
    kappa_interval: np.ndarray
    kappa_range: np.ndarray


def agreement(answers):
    """Observed and expected consistency of all pairs of observers, and error consistency: Cohen's kappa of being right.

    Parameters
    ----------
    answers : numpy.ndarray, shape (observer, image)
        1 right, 0 wrong, NaN not seen.

    Returns
    -------
    Consistency
        NaN for observers that saw no image. Kappa is also NaN where the expected consistency is 1: where both observers
        were always right, or both always wrong.

    Examples
    --------
    >>> agreement(np.array([[1.0, 1, 1, 0], [1, 1, 0, 0]])).kappa
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    right = answers.sum(axis=1)
    return consistency_of_counts(right[:, None], right, answers @ answers.T, answers.shape[1])


def consistency_of_counts(first, second, both, images):
    """Consistency of pairs of observers, from the numbers of images that they have right.

    Parameters
    ----------
    first, second, both : numpy.ndarray
        The numbers of images that the first observer, the second and both have right; shapes that broadcast.
    images : int
        The number of all images.

    Returns
    -------
    Consistency
    """
    observed = ratio(images - first - second + 2 * both, images)
    p, q = ratio(first, images), ratio(second, images)
    expected = p * q + (1 - p) * (1 - q)
    return Consistency(observed, expected, ratio(observed - expected, 1 - expected))


def resampled_agreement(sample, first, second):
    """Consistency of pairs of observers on resampled images.

    Parameters
    ----------
    sample : Resamples
    first, second : numpy.ndarray of int, shape (pair,)
        Positions of the observers.

    Returns
    -------
    Consistency
        Each of shape (resample, pair). The first row is the images themselves.
    """
    right, both = sample.right(), sample.right(first, second)
    return consistency_of_counts(right[:, first], right[:, second], both, sample.images)


def kappa_range(accuracy):
    """The smallest and the largest kappa that two observers with these accuracies can have.

    Parameters
    ----------
    accuracy : numpy.ndarray, shape (observer,)

    Returns
    -------
    numpy.ndarray of float64, shape (observer, other, 2)
        NaN where kappa is undefined.

    Examples
    --------
    >>> kappa_range(np.array([0.8, 0.6]))[0, 1].round(3)
    array([-0.364,  0.545])
    """
    p, q = accuracy[:, None], accuracy
    expected = p * q + (1 - p) * (1 - q)
    # Observers agree least often if their errors never coincide, and most often if the less accurate one is never right
    # alone.
    lowest, highest = abs(p + q - 1), 1 - abs(p - q)
    return np.stack([ratio(observed - expected, 1 - expected) for observed in (lowest, highest)], axis=-1)


def consistency_intervals(answers, cell):
    """How far the consistency of all pairs would move with other images, and which values of kappa are possible.

    Parameters
    ----------
    answers : numpy.ndarray, shape (observer, image)
        As for `agreement`.
    cell : Cell

    Returns
    -------
    ConsistencyIntervals
        NaN where the measure is.
    """
    sample = resample(answers, cell.dataset, cell.condition)
    first, second = np.triu_indices(len(sample.answers))
    found = resampled_agreement(sample, first, second)
    observers = np.flatnonzero(sample.seen)
    first, second = observers[first], observers[second]
    bounds = np.full((2, len(answers), len(answers), 2), np.nan)
    for matrix, pairs in zip(bounds, (interval(found.observed), interval(found.kappa, -1)), strict=True):
        matrix[first, second] = matrix[second, first] = pairs
    return ConsistencyIntervals(*bounds, kappa_range(ratio(answers.sum(axis=1), answers.shape[1])))


def benchmark_kappa(consistency):
    """Kappa by the benchmark's convention: 1 instead of undefined where the observed consistency is 1.

    Parameters
    ----------
    consistency : xarray.Dataset
        As `consistency` returns it.

    Returns
    -------
    xarray.DataArray
    """
    return xr.where(consistency["observed"] == 1, 1.0, consistency["kappa"])


def consistency(decisions: Sequence[xr.Dataset], cells: Sequence[Cell] | None = None) -> xr.Dataset:
    """Consistency of all pairs of observers in all cells.

    Parameters
    ----------
    decisions : list of xarray.Dataset
        One per dataset.
    cells : list of Cell, optional
        By default as `cells_of` gives them.

    Returns
    -------
    xarray.Dataset
        Dimensions observer, other, cell: `observed`, `expected` and `kappa`; with the additional dimension bound,
        `observed_interval`, `kappa_interval` and `kappa_range`. All are symmetric in the first two dimensions.
    """
    cells = cells or cells_of(decisions)
    coords, answers = correctness(decisions, cells)
    coords["other"] = coords["observer"]
    pairs = "observer", "other"
    estimates = [agreement(of_cell) for of_cell in answers]
    intervals = [consistency_intervals(of_cell, cell) for of_cell, cell in zip(answers, cells, strict=True)]
    return stack(estimates, pairs, coords).assign(stack(intervals, pairs, coords | BOUND).data_vars)
