"""All observers in one table, measured and published: their shape bias and the benchmark's measures."""

import pandas as pd

from generative_classifiers.decisions.published_numbers import with_published
from generative_classifiers.metrics.ranking import ranking_table
from generative_classifiers.study.measures import MEASURES

SHAPE_BIAS = "shape_bias"
COLUMNS = [
    *(
        "observer",
        "label",
        "family",
        "source",
        "origin",
        "reference",
        "licence",
        "datasets",
        "mean_rank",
        "accuracy_rank",
    ),
    *(f"{measure}{end}" for measure in (SHAPE_BIAS, *MEASURES) for end in ("", "_lower", "_upper")),
]


def leaderboard(ranking, shape_bias, published, about):
    """Join the ranking and the shape biases.

    Parameters
    ----------
    ranking : xarray.Dataset
        As `ranking.ranking` returns it.
    shape_bias : xarray.Dataset or None
        As `shape_bias.shape_bias` returns it, if the study has cue conflicts.
    published : dict of str to dict
        The paper's observers, as for `published_numbers.with_published`.
    about : pandas.DataFrame
        By observer, the columns label, origin, reference and licence.

    Returns
    -------
    pandas.DataFrame
        The columns `COLUMNS`, and a row for each observer: the reference group, then by mean rank, then by shape bias.
        What was not measured or is not published is missing.
    """
    tables = [_with_families(ranking_table(ranking).set_index("observer"), ranking)]
    if shape_bias is not None:
        tables.append(_shape_biases(shape_bias, published))
    table = tables[0] if len(tables) == 1 else tables[0].combine_first(tables[1])
    table = table[table.index.isin(about.index)].join(about)
    order = ["is_reference", "mean_rank", SHAPE_BIAS]
    table = table.reindex(columns=[*COLUMNS[1:], "is_reference"]).astype({"is_reference": bool, "datasets": "Int64"})
    table = table.sort_values(order, ascending=[False, True, False], kind="stable")
    return table.rename_axis("observer").reset_index()[COLUMNS]


def _with_families(table, store):
    names = ["family", "is_reference", "source"]
    return table.assign(**{name: store[name].to_series() for name in names})


def _shape_biases(shape_bias, published):
    """The overall shape bias of each observer, with its interval."""
    store = with_published(shape_bias, published, {"overall_shape_bias": SHAPE_BIAS})
    ends = {f"{SHAPE_BIAS}_{end}": store["overall_shape_bias_interval"].sel(bound=end) for end in ("lower", "upper")}
    columns = {SHAPE_BIAS: store["overall_shape_bias"], **ends}
    table = pd.DataFrame({name: values.to_series() for name, values in columns.items()})
    return _with_families(table, store)
