"""Do two observers err on the same images?

Error consistency: Geirhos, Meding & Wichmann 2020, arXiv 2006.16736.
"""

from typing import NamedTuple

import numpy as np
import xarray as xr

from generative_classifiers.metrics.arithmetic import ratio
from generative_classifiers.metrics.cells import correctness, stack


class Consistency(NamedTuple):
    """Consistency of all pairs in one cell, each of shape (observer, other)."""

    observed: np.ndarray
    expected: np.ndarray
    kappa: np.ndarray


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
    images = answers.shape[1]
    right = answers.sum(axis=1)
    both_right = answers @ answers.T
    both_wrong = images - right[:, None] - right + both_right
    observed = ratio(both_right + both_wrong, images)
    p = ratio(right, images)
    expected = np.outer(p, p) + np.outer(1 - p, 1 - p)
    return Consistency(observed, expected, ratio(observed - expected, 1 - expected))


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


def consistency(decisions, cells):
    """Consistency of all pairs of observers in all cells.

    Parameters
    ----------
    decisions : list of xarray.Dataset
        One per dataset.
    cells : list of Cell

    Returns
    -------
    xarray.Dataset
        `observed`, `expected` and `kappa`, dimensions observer, other, cell; symmetric in the first two.
    """
    coords, answers = correctness(decisions, cells)
    coords["other"] = coords["observer"]
    return stack([agreement(cell) for cell in answers], ("observer", "other"), coords)
