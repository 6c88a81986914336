"""Tidy tables of the metrics: every digit of a number, and nothing where it is undefined."""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from generative_classifiers.metrics.consistency import benchmark_kappa

BENCHMARK_COLUMNS = (
    "datasets", "ood_accuracy", "accuracy_difference", "observed_consistency", "error_consistency",
    "mean_rank", "accuracy_rank",
)  # fmt: skip


def accuracy_table(accuracy):
    """One row per observer and cell that it saw.

    Parameters
    ----------
    accuracy : xarray.Dataset

    Returns
    -------
    pandas.DataFrame
    """
    rows = accuracy.to_dataframe().reset_index()
    return rows.loc[rows["n"] > 0, ["observer", "dataset", "condition", "accuracy", "n", "in_benchmark"]]


def consistency_table(consistency):
    """One row per unordered pair of observers and cell that both saw; kappa by the benchmark's convention.

    Parameters
    ----------
    consistency : xarray.Dataset

    Returns
    -------
    pandas.DataFrame
    """
    first, second = np.triu_indices(consistency.sizes["observer"], k=1)
    consistency = consistency.assign(kappa=benchmark_kappa(consistency))
    pairs = {"observer": xr.DataArray(first, dims="pair"), "other": xr.DataArray(second, dims="pair")}
    rows = consistency.isel(pairs).to_dataframe().dropna(subset="observed")
    return rows[["observer", "other", "dataset", "condition", "observed", "expected", "kappa"]]


def shape_bias_table(shape_bias):
    """One row per observer and category, and one for all categories.

    Parameters
    ----------
    shape_bias : xarray.Dataset

    Returns
    -------
    pandas.DataFrame
    """
    rows = shape_bias[["shape", "texture", "shape_bias"]]
    total = rows[["shape", "texture"]].sum("category").assign(shape_bias=shape_bias["overall_shape_bias"])
    rows = xr.concat([rows, total.expand_dims(category=["all"])], dim="category", join="exact")
    rows = rows.transpose("observer", "category").to_dataframe().reset_index()
    return rows[["observer", "category", "shape", "texture", "shape_bias"]]


def benchmark_table(benchmark):
    """One row per model and one for the reference group.

    Parameters
    ----------
    benchmark : xarray.Dataset

    Returns
    -------
    pandas.DataFrame
    """
    return benchmark.to_dataframe().reset_index()[["observer", *BENCHMARK_COLUMNS]]


def write_table(table, path):
    """Write a table as CSV, whole or not at all: floats as their shortest exact text, missing ones empty.

    Parameters
    ----------
    table : pandas.DataFrame
    path : Path
    """
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    pd.DataFrame(table).to_csv(partial, index=False, lineterminator="\n")
    partial.replace(path)
