"""Is one observer better than another? Tests of all pairs."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from generative_classifiers.metrics.cells import Cell, cells_of, correctness


def exact_mcnemar(only_first, only_second):
    """Exact McNemar test of pairs of observers: is one of them alone right more often than the other (McNemar 1947)?

    Computed by statsmodels.

    Parameters
    ----------
    only_first, only_second : numpy.ndarray of int, shape (pair,)
        The numbers of images that only one of the two has right.

    Returns
    -------
    numpy.ndarray of float64, shape (pair,)
        Two-sided p-values; 1 where neither is ever right alone.

    Examples
    --------
    >>> exact_mcnemar(np.array([0, 2]), np.array([5, 2]))
    array([0.0625, 1.    ])
    """
    tables, where = np.unique(np.sort([only_first, only_second], axis=0), axis=1, return_inverse=True)
    p_values = [mcnemar([[0, few], [many, 0]], exact=True).pvalue for few, many in tables.T]
    return np.array(p_values, float)[where]


def holm(p_values):
    """Adjust p-values so that the probability of any false positive stays below the level (Holm 1979).

    Computed by statsmodels.

    Parameters
    ----------
    p_values : numpy.ndarray, shape (pair,)

    Returns
    -------
    numpy.ndarray of float64, shape (pair,)

    Examples
    --------
    >>> holm(np.array([0.01, 0.5, 0.02]))
    array([0.03, 0.5 , 0.04])
    """
    return multipletests(p_values, method="holm")[1] if len(p_values) else p_values


def comparisons(decisions: Sequence[xr.Dataset], cells: Sequence[Cell] | None = None) -> xr.Dataset:
    """Test all pairs of observers in all datasets, over the conditions that the benchmark keeps.

    Parameters
    ----------
    decisions : list of xarray.Dataset
        One per dataset.
    cells : list of Cell, optional
        By default as `cells_of` gives them.

    Returns
    -------
    xarray.Dataset
        Dimensions observer, other, dataset: `only_observer` and `only_other`, the numbers of images that only one of
        the two has right; `p_value` of the exact McNemar test; and `p_holm`, the same adjusted by Holm's method for all
        pairs of a dataset. NaN for observers that did not see a dataset's images. The p-values are also NaN for an
        observer and itself.
    """
    cells = cells or cells_of(decisions)
    coords, answers = correctness(decisions, cells)
    coords = {name: coord for name, coord in coords.items() if coord[0] != "cell"} | {"other": coords["observer"]}
    datasets = list(dict.fromkeys(cell.dataset for cell in cells))
    found = np.stack([_test_pairs(_kept_answers(answers, cells, dataset)) for dataset in datasets], axis=-1)
    names, dims = ("only_observer", "only_other", "p_value", "p_holm"), ("observer", "other", "dataset")
    variables = {name: (dims, values) for name, values in zip(names, found, strict=True)}
    return xr.Dataset(variables, coords | {"dataset": datasets})


def _kept_answers(answers, cells, dataset):
    """Answers in a dataset's conditions that the benchmark keeps: (observer, image)."""
    kept = [
        of_cell for of_cell, cell in zip(answers, cells, strict=True) if cell.dataset == dataset and cell.in_benchmark
    ]
    no_image = answers[0][:, :0]
    return np.hstack([no_image, *kept])


def _test_pairs(answers):
    """Both counts and both p-values of a dataset: (4, observer, other)."""
    found = np.full((4, len(answers), len(answers)), np.nan)
    if answers.shape[1]:
        found[0] = answers @ (1 - answers).T
        found[1] = found[0].T
        first, second = np.triu_indices(len(answers), k=1)
        seen = ~np.isnan(found[0, first, second])
        first, second = first[seen], second[seen]
        p_values = exact_mcnemar(*found[:2, first, second].astype(int))
        for matrix, values in zip(found[2:], (p_values, holm(p_values)), strict=True):
            matrix[first, second] = matrix[second, first] = values
    return found
