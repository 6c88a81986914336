"""The benchmark's summary: how accurate models are out of distribution, and how human-like."""

import numpy as np
import xarray as xr
from scipy.stats import rankdata

from generative_classifiers.metrics.resampling import with_intervals

# How human-like a model is, and whether less is better.
HUMAN_LIKENESS = {"accuracy_difference": True, "observed_consistency": False, "error_consistency": False}


def rank(values, ascending=False):
    """Rank 1 is the best; ties share their mean rank, NaN has none.

    Parameters
    ----------
    values : array_like, shape (observer,)
    ascending : bool
        Whether the smallest value is the best.

    Returns
    -------
    numpy.ndarray of float64, shape (observer,)
    """
    values = np.asarray(values, float)
    return rankdata(values if ascending else -values, nan_policy="omit")


def benchmark(comparison: xr.Dataset) -> xr.Dataset:
    """Average over the conditions that the benchmark keeps.

    Parameters
    ----------
    comparison : xarray.Dataset
        As `conditions.compare` returns it.

    Returns
    -------
    xarray.Dataset
        Dimension observer: `datasets` (how many), `ood_accuracy`, `accuracy_difference`, `observed_consistency`,
        `error_consistency`, `mean_rank` and `accuracy_rank`; and with the dimension bound the four measures'
        `<measure>_interval`. Averages are over the datasets that an observer has; only models that have all of them
        are ranked.
    """
    kept = comparison["in_benchmark"]
    datasets = len(set(comparison["dataset"].values[kept.values]))
    of_dataset = comparison.where(kept).groupby("dataset")
    # Every subject of a dataset saw all of its conditions: averaging over subjects first, as was done, or over
    # conditions first, as the benchmark does, is the same.
    means = of_dataset.mean("cell")[list(HUMAN_LIKENESS)]
    trials = of_dataset.sum("cell")
    pooled = trials["correct"] / trials["n"].where(trials["n"] > 0)
    measures = means.assign(ood_accuracy=pooled).transpose("resample", ...).mean("dataset")
    rows = with_intervals(measures, centred=measures).assign(datasets=pooled.isel(resample=0).count("dataset"))
    return rows.assign(ranks(rows, datasets))


def ranks(rows, datasets):
    """Rank the models that have all datasets.

    Parameters
    ----------
    rows : xarray.Dataset
        `datasets` and the four measures (observer), with coordinate `is_reference`.
    datasets : int
        How many there are.

    Returns
    -------
    dict
        Variables `mean_rank`, of the three measures of human-likeness, and `accuracy_rank`.
    """
    ranked = rows.where((rows["datasets"] == datasets) & ~rows["is_reference"])
    human_likeness = [rank(ranked[name], ascending) for name, ascending in HUMAN_LIKENESS.items()]
    return {
        "mean_rank": ("observer", np.mean(human_likeness, axis=0)),
        "accuracy_rank": ("observer", rank(ranked["ood_accuracy"])),
    }
