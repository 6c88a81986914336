"""The benchmark's averages: how accurate models are out of distribution, and how human-like."""

import numpy as np
import pandas as pd
import xarray as xr

from generative_classifiers.metrics.resampling import with_intervals
from generative_classifiers.study.measures import HUMAN_LIKENESS


def rank(values, ascending=False):
    """Ranks from 1, the best. Ties share their mean rank; NaN has no rank.

    Parameters
    ----------
    values : array_like, shape (observer,)
    ascending : bool
        Whether the smallest value is the best.

    Returns
    -------
    numpy.ndarray of float64, shape (observer,)

    Examples
    --------
    >>> rank([0.5, 0.9, np.nan, 0.5])
    array([2.5, 1. , nan, 2.5])
    """
    return pd.Series(values, dtype=float).rank(ascending=ascending).to_numpy()


def benchmark(comparison: xr.Dataset) -> xr.Dataset:
    """Average over the conditions that the benchmark keeps.

    Parameters
    ----------
    comparison : xarray.Dataset
        As `compare` returns it.

    Returns
    -------
    xarray.Dataset
        Dimension observer: `datasets` (their number), `ood_accuracy`, `accuracy_difference`, `observed_consistency`,
        `error_consistency`, `mean_rank` and `accuracy_rank`; with the additional dimension bound, `<measure>_interval`.
        Averages are over the datasets that an observer has. Only models that have all datasets are ranked. Observers
        that have only one of several datasets are left out, because there is nothing to average.
    """
    measures, counted = averages(comparison)
    rows = with_intervals(measures, centred=measures).assign(datasets=counted)
    return rows.assign(ranks(rows, len(set(comparison["dataset"].values[comparison["in_benchmark"].values]))))


def averages(comparison: xr.Dataset) -> tuple[xr.Dataset, xr.DataArray]:
    """The averages of `benchmark` on resampled images.

    Parameters
    ----------
    comparison : xarray.Dataset
        As `compare` returns it.

    Returns
    -------
    measures : xarray.Dataset
        Dimensions resample, observer: the four measures. The first resample is the images themselves.
    datasets : xarray.DataArray
        Dimension observer: the number of datasets that are averaged.
    """
    kept = comparison["in_benchmark"]
    comparison = _of_several_datasets(comparison, kept)
    of_dataset = comparison.where(kept).groupby("dataset")
    # The benchmark averages first over conditions, then over subjects; here subjects come first. The result is the
    # same, because every subject of a dataset saw all of its conditions.
    means = of_dataset.mean("cell")[list(HUMAN_LIKENESS)]
    trials = of_dataset.sum("cell")
    pooled = trials["correct"] / trials["n"].where(trials["n"] > 0)
    measures = means.assign(ood_accuracy=pooled).transpose("resample", ...).mean("dataset")
    return measures, pooled.isel(resample=0).count("dataset")


def _of_several_datasets(comparison, kept):
    """The reference group, and the models that have more than one dataset, or all that there are."""
    trials = comparison["n"].isel(resample=0, drop=True).where(kept).groupby("dataset").sum("cell")
    datasets = (trials > 0).sum("dataset")
    wanted = (datasets > 1) | (datasets == datasets.max()) | comparison["is_reference"]
    return comparison.isel(observer=wanted.values)


def ranks(rows, datasets):
    """Rank the models that have all datasets.

    Parameters
    ----------
    rows : xarray.Dataset
        `datasets` and the four measures (observer), with coordinate `is_reference`.
    datasets : int
        The number of all datasets.

    Returns
    -------
    dict
        The variables `mean_rank`, over the three measures of human-likeness, and `accuracy_rank`.
    """
    ranked = rows.where((rows["datasets"] == datasets) & ~rows["is_reference"])
    by_measure = [rank(ranked[name], measure.better == "lower") for name, measure in HUMAN_LIKENESS.items()]
    return {
        "mean_rank": ("observer", np.mean(by_measure, axis=0)),
        "accuracy_rank": ("observer", rank(ranked["ood_accuracy"])),
    }
