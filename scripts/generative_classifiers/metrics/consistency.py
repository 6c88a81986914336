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
    """Observed and expected consistency of all pairs of observers, and Cohen's kappa of their being right.

    Parameters
    ----------
    answers : numpy.ndarray, shape (observer, image)
        1 right, 0 wrong, NaN not seen.

    Returns
    -------
    Consistency
        NaN for observers who saw no image; kappa also where the expected consistency is 1, that is, where
        both were always right or both always wrong.
    """
    right = answers.sum(axis=1)
    return compared(right[:, None], right, answers @ answers.T, answers.shape[1])


def compared(first, second, both, images):
    """Consistency of pairs of observers.

    Parameters
    ----------
    first, second, both : numpy.ndarray
        How many images the first observer, the second and both have right; shapes that broadcast.
    images : int
        How many there are.

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
        Each of shape (resample, pair); the first row is the images themselves.
    """
    right, both = sample.right(), sample.right(first, second)
    return compared(right[:, first], right[:, second], both, sample.images)


def kappa_range(accuracy):
    """The smallest and the largest kappa that two observers of these accuracies can have.

    Parameters
    ----------
    accuracy : numpy.ndarray, shape (observer,)

    Returns
    -------
    numpy.ndarray of float64, shape (observer, other, 2)
        NaN where kappa is undefined.
    """
    p, q = accuracy[:, None], accuracy
    expected = p * q + (1 - p) * (1 - q)
    # Observers agree most where the less accurate one is never right alone, least where their errors never meet.
    return np.stack([ratio(one - expected, 1 - expected) for one in (abs(p + q - 1), 1 - abs(p - q))], axis=-1)


def consistency_intervals(answers, cell):
    """How far the consistency of all pairs would move with other images, and how far kappa could move at all.

    Parameters
    ----------
    answers : numpy.ndarray, shape (observer, image)
        As in `agreement`.
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
    """Kappa by the benchmark's convention: 1, not undefined, where the observed consistency is 1.

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
        `observed`, `expected` and `kappa`, dimensions observer, other, cell; and with the dimension bound
        `observed_interval`, `kappa_interval` and `kappa_range`. All are symmetric in the first two.
    """
    cells = cells or cells_of(decisions)
    coords, answers = correctness(decisions, cells)
    coords["other"] = coords["observer"]
    estimates = stack([agreement(one) for one in answers], ("observer", "other"), coords)
    bounds = [consistency_intervals(*one) for one in zip(answers, cells, strict=True)]
    return estimates.assign(stack(bounds, ("observer", "other"), coords | BOUND).data_vars)
