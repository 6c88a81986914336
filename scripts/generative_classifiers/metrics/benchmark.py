"""The benchmark's summary: how accurate models are out of distribution, and how human-like."""

import numpy as np
import xarray as xr
from scipy.stats import rankdata

from generative_classifiers.metrics.consistency import benchmark_kappa
from generative_classifiers.metrics.groups import as_observer, concatenate

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


def benchmark(accuracy, consistency, reference):
    """Compare every model, and the reference group with itself, over the conditions kept by the benchmark.

    Parameters
    ----------
    accuracy : xarray.Dataset
        `accuracy`, `correct` and `n`, dimensions observer, cell.
    consistency : xarray.Dataset
        `observed` and `kappa`, dimensions observer, other, cell.
    reference : str
        Name of the reference group's row, the first one.

    Returns
    -------
    xarray.Dataset
        Dimension observer: `datasets` (how many), `ood_accuracy`, `accuracy_difference`,
        `observed_consistency`, `error_consistency`, `mean_rank` and `accuracy_rank`. Averages are over the
        datasets that an observer has; only models that have all of them are ranked.
    """
    kept = accuracy["in_benchmark"].values
    datasets = len(set(accuracy["dataset"].values[kept]))
    accuracy, consistency = (metric.where(metric["in_benchmark"]) for metric in (accuracy, consistency))
    is_reference = accuracy["is_reference"].values
    models, subjects = accuracy.isel(observer=~is_reference), accuracy.isel(observer=is_reference)
    pairs = _pairwise(accuracy["accuracy"], consistency).isel(other=is_reference)
    to_group = pairs.isel(observer=~is_reference).mean("other").mean("dataset")
    within_group = _different(pairs.isel(observer=is_reference)).mean(("observer", "other")).mean("dataset")
    group = _accuracies(subjects[["correct", "n"]].sum("observer")).assign(within_group)
    rows = concatenate([as_observer(group, reference, subjects), _accuracies(models).assign(to_group)])
    return rows.assign(_ranks(rows, datasets))


def _pairwise(accuracy, consistency):
    """Human-likeness of all pairs, averaged over the conditions of a dataset: observer, other, dataset."""
    accuracy = accuracy.drop_vars(["family", "is_reference"])
    pairs = xr.Dataset(
        {
            "accuracy_difference": (accuracy - accuracy.rename(observer="other")) ** 2,
            "observed_consistency": consistency["observed"],
            "error_consistency": benchmark_kappa(consistency),
        }
    )
    return pairs.groupby("dataset").mean("cell")


def _different(pairs):
    """Keep each unordered pair of different subjects once."""
    i = np.arange(pairs.sizes["observer"])
    return pairs.where(xr.DataArray(i[:, None] < i, dims=("observer", "other")))


def _accuracies(counts):
    """Number of datasets, and accuracy over a dataset's pooled trials averaged over datasets."""
    pooled = counts[["correct", "n"]].groupby("dataset").sum("cell")
    accuracy = pooled["correct"] / pooled["n"].where(pooled["n"] > 0)
    return xr.Dataset({"datasets": accuracy.count("dataset"), "ood_accuracy": accuracy.mean("dataset")})


def _ranks(rows, datasets):
    ranked = rows.where((rows["datasets"] == datasets) & ~rows["is_reference"])
    human_likeness = [rank(ranked[name], ascending) for name, ascending in HUMAN_LIKENESS.items()]
    return {
        "mean_rank": ("observer", np.mean(human_likeness, axis=0)),
        "accuracy_rank": ("observer", rank(ranked["ood_accuracy"])),
    }
