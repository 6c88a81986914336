"""One ranking of all observers: those that were measured, and those whose numbers the paper prints."""

from generative_classifiers.decisions.published_numbers import with_published
from generative_classifiers.metrics.benchmark import ranks
from generative_classifiers.metrics.tables import benchmark_table
from generative_classifiers.study.measures import MEASURES


def ranking(summary, published):
    """Rank the observers of the benchmark together with the paper's other observers.

    Parameters
    ----------
    summary : xarray.Dataset
        As `benchmark` returns it.
    published : dict of str to dict
        The paper's observers that are not among the study's: see `published_numbers.with_published`.

    Returns
    -------
    xarray.Dataset
        The same with more observers, the coordinate `source`, and ranks over all of them.
    """
    total = summary["datasets"].max()
    rows = with_published(summary, published, {name: name for name in MEASURES})
    rows["datasets"] = rows["datasets"].fillna(total).astype(int)
    return rows.assign(ranks(rows, total))


def ranking_table(ranking):
    """One row per observer, with the benchmark's columns and the source.

    Parameters
    ----------
    ranking : xarray.Dataset

    Returns
    -------
    pandas.DataFrame
    """
    table = benchmark_table(ranking)
    return table.assign(source=table["observer"].map(ranking["source"].to_series()))
