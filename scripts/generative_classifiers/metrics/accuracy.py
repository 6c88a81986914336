"""Accuracy of every observer in every cell."""

from typing import NamedTuple

import numpy as np

from generative_classifiers.metrics.arithmetic import ratio
from generative_classifiers.metrics.cells import correctness, stack


class Accuracy(NamedTuple):
    """Accuracies in one cell, each of shape (observer,); `correct` of `n` images, both integers."""

    accuracy: np.ndarray
    correct: np.ndarray
    n: np.ndarray


def proportion_correct(answers):
    """Share of right answers among all images.

    Parameters
    ----------
    answers : numpy.ndarray, shape (observer, image)
        1 right, 0 wrong, NaN not seen.

    Returns
    -------
    Accuracy
        NaN for observers who saw no image.
    """
    n = np.count_nonzero(~np.isnan(answers), axis=1)
    correct = np.nansum(answers, axis=1).astype(int)
    return Accuracy(ratio(correct, n), correct, n)


def accuracy(decisions, cells):
    """Accuracy of all observers in all cells.

    Parameters
    ----------
    decisions : list of xarray.Dataset
        One per dataset.
    cells : list of Cell

    Returns
    -------
    xarray.Dataset
        Dimensions observer, cell: `accuracy` (NaN where the observer did not see the cell), `correct`, `n`.
    """
    coords, answers = correctness(decisions, cells)
    return stack([proportion_correct(cell) for cell in answers], ("observer",), coords)
