"""Tidy tables of the metrics. Numbers have all their digits; undefined ones are missing."""

import numpy as np
import pandas as pd
import xarray as xr

from generative_classifiers.io.atomic import atomic_write
from generative_classifiers.metrics.consistency import benchmark_kappa
from generative_classifiers.metrics.resampling import BOUND
from generative_classifiers.study.measures import HUMAN_LIKENESS, MEASURES


def accuracy_table(accuracy):
    """One row per observer and each cell that it saw.

    Parameters
    ----------
    accuracy : xarray.Dataset

    Returns
    -------
    pandas.DataFrame
    """
    rows = _flat(accuracy).to_dataframe().reset_index()
    columns = ["observer", "dataset", "condition", "accuracy", "n", "in_benchmark"]
    return rows.loc[rows["n"] > 0, [*columns, *_bounds("accuracy", "accuracy_wilson")]]


def consistency_table(consistency):
    """One row per unordered pair of observers and each cell that both saw. Kappa follows the benchmark's convention.

    Parameters
    ----------
    consistency : xarray.Dataset

    Returns
    -------
    pandas.DataFrame
    """
    consistency = _unordered(consistency.assign(kappa=benchmark_kappa(consistency)))
    rows = _flat(consistency).to_dataframe().dropna(subset="observed")
    columns = ["observer", "other", "dataset", "condition", "observed", "expected", "kappa"]
    return rows[[*columns, *_bounds("observed", "kappa", "kappa_range")]]


def shape_bias_table(shape_bias):
    """One row per observer and category, and one per observer for all categories.

    Parameters
    ----------
    shape_bias : xarray.Dataset

    Returns
    -------
    pandas.DataFrame
    """
    counts, biases = ["shape", "texture"], ["shape_bias", "shape_bias_interval", "shape_bias_wilson"]
    total = shape_bias[counts].sum("category").assign({name: shape_bias[f"overall_{name}"] for name in biases})
    rows = [_flat(part) for part in (shape_bias[counts + biases], total.expand_dims(category=["all"]))]
    rows = xr.concat(rows, dim="category", join="exact").transpose("observer", "category").to_dataframe().reset_index()
    return rows[["observer", "category", "shape", "texture", "shape_bias", *_bounds("shape_bias", "shape_bias_wilson")]]


def conditions_table(conditions):
    """One row per cell and each model or the reference group.

    Parameters
    ----------
    conditions : xarray.Dataset

    Returns
    -------
    pandas.DataFrame
    """
    rows = _flat(conditions).to_dataframe().reset_index().dropna(subset="accuracy")
    measures = ["accuracy", *HUMAN_LIKENESS]
    return rows[["observer", "dataset", "condition", *measures, "in_benchmark", *_bounds(*measures)]]


def comparisons_table(comparisons):
    """One row per unordered pair of observers and each dataset that both saw.

    Parameters
    ----------
    comparisons : xarray.Dataset

    Returns
    -------
    pandas.DataFrame
    """
    rows = _unordered(comparisons).to_dataframe().reset_index().dropna(subset="only_observer")
    return rows[["observer", "other", "dataset", "only_observer", "only_other", "p_value", "p_holm"]]


def benchmark_table(benchmark):
    """One row per model and one for the reference group.

    Parameters
    ----------
    benchmark : xarray.Dataset

    Returns
    -------
    pandas.DataFrame
    """
    rows = _flat(benchmark).to_dataframe().reset_index()
    return rows[["observer", "datasets", *MEASURES, "mean_rank", "accuracy_rank", *_bounds(*MEASURES)]]


def lab_table(found):
    """One row per observer and each of its variants: every measure of a question of the lab, with its interval.

    Parameters
    ----------
    found : xarray.Dataset
        As a function of `metrics.lab` returns it.

    Returns
    -------
    pandas.DataFrame
        Without the rows of variants that an observer does not have.
    """
    flat = _flat(found).drop_vars(["family", "is_reference"])
    dims = list(dict.fromkeys(dim for variable in flat.values() for dim in variable.dims))
    of_variant = [name for name, variable in flat.items() if len(variable.dims) == len(dims)]
    return flat.to_dataframe(dims).reset_index().dropna(subset=of_variant, how="all")


def variants_table(found):
    """One row per variant and measure: the mean over trainings and every single one, and the differences.

    Parameters
    ----------
    found : xarray.Dataset
        As `metrics.lab.dose_response.dose_response` returns it.

    Returns
    -------
    pandas.DataFrame
        `value_<seed>` and `tested_<seed>` are those of single trainings; `difference` is that of the shape bias.
    """
    flat = _flat(found)
    single = {
        f"{name}_{seed}": flat[name].sel(seed=seed, drop=True)
        for name in ("value", "tested")
        for seed in flat["seed"].values.tolist()
    }
    rows = flat.drop_vars(["value", "tested", "seed"]).assign(single).to_dataframe(["measure", "variant"]).reset_index()
    of_bias = [name for name in rows if name.startswith("difference")]
    rows.loc[rows["measure"] != "shape_bias", of_bias] = np.nan
    return rows


def factors_table(found):
    """One row per model, term and factor: `quantity` says what its value is, with the ends of its interval.

    Parameters
    ----------
    found : xarray.Dataset
        As `metrics.lab.matched_models.matched_models` returns it.

    Returns
    -------
    pandas.DataFrame
    """
    parts = {"shape_bias": "observer", "effect": "term", "share": "factor", "difference": None}
    tables = []
    for quantity, dim in parts.items():
        bounds = found[f"{quantity}_interval"]
        table = {
            "quantity": quantity,
            "name": found[dim].values if dim else ["noise - objective"],
            "value": np.atleast_1d(found[quantity].values),
            **{bound: np.atleast_1d(bounds.sel(bound=bound).values) for bound in BOUND["bound"]},
        }
        if dim == "observer":
            table |= {name: found[name].values for name in ("accuracy_clean", "tested")}
        tables.append(pd.DataFrame(table))
    return pd.concat(tables, ignore_index=True)


def write_table(table, path):
    """Write a table as CSV: floats as their shortest exact text, missing ones empty. The file is complete or absent.

    Parameters
    ----------
    table : pandas.DataFrame
    path : Path
    """
    with atomic_write(path) as partial:
        pd.DataFrame(table).to_csv(partial, index=False, lineterminator="\n")


def _unordered(pairs):
    """Each pair of different observers once, with the dimension pair in place of observer and other."""
    first, second = np.triu_indices(pairs.sizes["observer"], k=1)
    return pairs.isel(observer=xr.DataArray(first, dims="pair"), other=xr.DataArray(second, dims="pair"))


def _bounds(*names):
    return [f"{name}_{bound}" for name in names for bound in BOUND["bound"]]


def _flat(metric):
    """Replace each interval of x by two variables, `<x>_lower` and `<x>_upper`."""
    bounded = [name for name in metric if "bound" in metric[name].dims]
    flat = {
        f"{name.removesuffix('_interval')}_{bound}": metric[name].sel(bound=bound, drop=True)
        for name in bounded
        for bound in BOUND["bound"]
    }
    return metric.drop_vars([*bounded, "bound"], errors="ignore").assign(flat)
