"""Accuracy of every observer in every cell."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from generative_classifiers.metrics.arithmetic import ratio
from generative_classifiers.metrics.cells import Cell, cells_of, correctness, stack
from generative_classifiers.metrics.proportions import wilson
from generative_classifiers.metrics.resampling import BOUND, interval, resample


class Accuracy(NamedTuple):
    """Accuracies in one cell, each of shape (observer,), and the integers behind them: `correct` of `n` images."""

    accuracy: np.ndarray
    correct: np.ndarray
    n: np.ndarray


class AccuracyIntervals(NamedTuple):
    """Intervals of accuracies in one cell, each of shape (observer, bound)."""

    accuracy_interval: np.ndarray
    accuracy_wilson: np.ndarray


def proportion_correct(answers):
    """Share of right answers among all images.

    Parameters
    ----------
    answers : numpy.ndarray, shape (observer, image)
        1 right, 0 wrong, NaN not seen.

    Returns
    -------
    Accuracy
        NaN for observers that saw no image.

    Examples
    --------
    >>> proportion_correct(np.array([[1.0, 1, 0, 1]])).accuracy
    array([0.75])
    """
    n = np.count_nonzero(~np.isnan(answers), axis=1)
    correct = np.nansum(answers, axis=1).astype(int)
    return Accuracy(ratio(correct, n), correct, n)


def accuracy_intervals(answers, cell):
    """How far accuracies would move with other images.

    Parameters
    ----------
    answers : numpy.ndarray, shape (observer, image)
        As for `proportion_correct`.
    cell : Cell

    Returns
    -------
    AccuracyIntervals
        By resampling images, and by Wilson's formula for independent images. NaN for observers that saw no image.
    """
    sample, (_, correct, n) = resample(answers, cell.dataset, cell.condition), proportion_correct(answers)
    resampled = np.full((len(answers), 2), np.nan)
    resampled[sample.seen] = interval(ratio(sample.right(), sample.images))
    return AccuracyIntervals(resampled, wilson(correct, n))


def accuracy(decisions: Sequence[xr.Dataset], cells: Sequence[Cell] | None = None) -> xr.Dataset:
    """Accuracy of all observers in all cells.

    Parameters
    ----------
    decisions : list of xarray.Dataset
        One per dataset.
    cells : list of Cell, optional
        By default as `cells_of` gives them.

    Returns
    -------
    xarray.Dataset
        Dimensions observer, cell: `accuracy` (NaN where the observer did not see the cell), `correct`, `n`; with the
        additional dimension bound, `accuracy_interval` and `accuracy_wilson`.

    Examples
    --------
    >>> import xarray as xr
    >>> decisions = xr.Dataset(
    ...     {"response": (("observer", "image"), [[0, 1, 1], [0, 0, -1]])},
    ...     coords={"observer": ["subject-01", "mine"], "family": ("observer", ["human", "diffusion"]),
    ...             "is_reference": ("observer", [True, False]), "name": ("image", ["1.png", "2.png", "3.png"]),
    ...             "condition": ("image", ["all", "all", "all"]), "true_category": ("image", ["cat", "dog", "dog"]),
    ...             "category": ["cat", "dog"]},
    ...     attrs={"dataset": "edge"},
    ... )
    >>> accuracy([decisions])["accuracy"].sel(observer="mine").values
    array([0.33333333])
    """
    cells = cells or cells_of(decisions)
    coords, answers = correctness(decisions, cells)
    estimates = [proportion_correct(of_cell) for of_cell in answers]
    intervals = [accuracy_intervals(of_cell, cell) for of_cell, cell in zip(answers, cells, strict=True)]
    return stack(estimates, ("observer",), coords).assign(stack(intervals, ("observer",), coords | BOUND).data_vars)
