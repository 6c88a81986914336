"""One ranking of all observers, those that were measured and those of whom the paper prints what it measured."""

from generative_classifiers.decisions.published_numbers import with_published
from generative_classifiers.metrics.benchmark import ranks
from generative_classifiers.metrics.tables import benchmark_table
from generative_classifiers.study.registry import BENCHMARK


def ranking(summary, published):
    """Rank the observers of the benchmark together with the paper's others.

    Parameters
    ----------
    summary : xarray.Dataset
        As `benchmark` returns it.
    published : dict of str to dict
        As `registry.Study.published` gives them.

    Returns
    -------
    xarray.Dataset
        The same with more observers, the coordinate `source`, and ranks over all.
    """
    total = summary["datasets"].max()
    rows = with_published(summary, published, dict(zip(BENCHMARK, BENCHMARK, strict=True)))
    rows["datasets"] = rows["datasets"].fillna(total).astype(int)
    return rows.assign(ranks(rows, total))


def ranking_table(ranking):
    """One row per observer: the benchmark's columns and the source.

    Parameters
    ----------
    ranking : xarray.Dataset

    Returns
    -------
    pandas.DataFrame
    """
    table = benchmark_table(ranking)
    return table.assign(source=table["observer"].map(ranking["source"].to_series()))
