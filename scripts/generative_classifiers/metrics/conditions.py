"""The reference group and every model in comparison with it, cell by cell. The benchmark averages these numbers."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from generative_classifiers.metrics.arithmetic import ratio
from generative_classifiers.metrics.cells import Cell, cells_of, correctness, stack
from generative_classifiers.metrics.consistency import resampled_agreement
from generative_classifiers.metrics.resampling import resample, with_intervals


class Comparison(NamedTuple):
    """Observers in comparison with the subjects of the reference group in one cell, each of shape (resample, observer).

    The group itself is the first observer: `correct` of `n` answers are those of all subjects, and the other fields are
    means over pairs of different subjects. The fields of a model are means over the subjects. NaN for observers that
    did not see the cell.
    """

    accuracy: np.ndarray
    accuracy_difference: np.ndarray
    observed_consistency: np.ndarray
    error_consistency: np.ndarray
    correct: np.ndarray
    n: np.ndarray


def compare_in_cell(answers, is_reference, cell):
    """Compare every model with the reference group, and the group with itself, in one cell and its resamples.

    Parameters
    ----------
    answers : numpy.ndarray, shape (observer, image)
        1 right, 0 wrong, NaN not seen.
    is_reference : numpy.ndarray of bool, shape (observer,)
    cell : Cell

    Returns
    -------
    Comparison
        The group, then the models in their order. The first row is the images themselves.
    """
    sample = resample(answers, cell.dataset, cell.condition)
    subjects, models = (np.flatnonzero(chosen[sample.seen]) for chosen in (is_reference, ~is_reference))
    first, second = np.triu_indices(len(subjects), k=1)
    of_group = _means_over_pairs(sample, subjects[first], subjects[second], 1)
    of_models = _means_over_pairs(sample, np.repeat(models, len(subjects)), np.tile(subjects, len(models)), len(models))
    correct = np.hstack([sample.right(subjects).sum(axis=1, keepdims=True), sample.right(models)])
    answering = np.array([len(subjects)] + [1] * len(models))
    n = np.broadcast_to(answering * float(sample.images), correct.shape)
    found = np.stack([ratio(correct, n), *np.concatenate([of_group, of_models], axis=2), correct, n])
    rows = np.full((*found.shape[:2], 1 + np.count_nonzero(~is_reference)), np.nan)
    rows[..., np.append(True, sample.seen[~is_reference])] = found
    return Comparison(*rows)


def compare(
    decisions: Sequence[xr.Dataset], cells: Sequence[Cell] | None = None, reference: str = "humans"
) -> xr.Dataset:
    """Compare every model with the reference group, and the group with itself, in all cells.

    Parameters
    ----------
    decisions : list of xarray.Dataset
        One per dataset.
    cells : list of Cell, optional
        By default as `cells_of` gives them.
    reference : str, optional
        Name of the reference group's row, the first one.

    Returns
    -------
    xarray.Dataset
        Dimensions resample, observer, cell: `accuracy`, `accuracy_difference`, `observed_consistency`,
        `error_consistency`, and `correct` of `n` answers. The first resample is the images themselves.
    """
    cells = cells or cells_of(decisions)
    coords, answers = correctness(decisions, cells)
    is_reference, family = coords["is_reference"][1], coords["family"][1]
    group_family = family[is_reference][0] if is_reference.any() else reference
    coords["observer"] = np.append(reference, coords["observer"][~is_reference])
    coords["family"] = "observer", np.append(group_family, family[~is_reference])
    coords["is_reference"] = "observer", np.append(True, np.zeros(np.count_nonzero(~is_reference), bool))
    parts = [compare_in_cell(of_cell, is_reference, cell) for of_cell, cell in zip(answers, cells, strict=True)]
    return stack(parts, ("resample", "observer"), coords)


def conditions(comparison: xr.Dataset) -> xr.Dataset:
    """Estimates and intervals in every cell.

    Parameters
    ----------
    comparison : xarray.Dataset
        As `compare` returns it.

    Returns
    -------
    xarray.Dataset
        Dimensions observer, cell: `accuracy`, `accuracy_difference`, `observed_consistency` and, by the benchmark's
        convention, `error_consistency`; with the additional dimension bound, `<each>_interval`.
    """
    return with_intervals(comparison.drop_vars(["correct", "n"]), centred=["accuracy_difference"])


def _means_over_pairs(sample, first, second, groups):
    """The three measures of human-likeness, averaged over the pairs of each group: (measure, resample, group).

    The pairs are sorted by group, and every group has the same number of pairs.
    """
    right = sample.right()
    difference = ratio(right[:, first] - right[:, second], sample.images) ** 2
    found = resampled_agreement(sample, first, second)
    kappa = np.where(found.observed == 1, 1.0, found.kappa)
    pairs = len(first) // max(groups, 1)
    by_group = np.stack([difference, found.observed, kappa]).reshape(3, len(right), groups, pairs)
    return ratio(by_group.sum(axis=-1), pairs)
