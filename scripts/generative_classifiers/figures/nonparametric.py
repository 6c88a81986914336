"""Accuracy on the datasets that have a single condition: bars, a panel per dataset."""

import numpy as np
from matplotlib.figure import Figure

from generative_classifiers.errors import InputError
from generative_classifiers.figures.benchmark import CROWD, bars
from generative_classifiers.figures.roster import family_entries
from generative_classifiers.figures.style import DOUBLE, LINE, legend, paper, scale

# What `bars` looks for: these images are out of distribution, too.
MEASURE = "ood_accuracy"
COLUMNS = [MEASURE, f"{MEASURE}_lower", f"{MEASURE}_upper"]


@paper()
def nonparametric(conditions, rows, datasets):
    """A bar per observer in a panel per dataset: the reference group first, then the models from best to worst.

    Parameters
    ----------
    conditions : xarray.Dataset
        `accuracy` (observer, cell) and `accuracy_interval` (observer, cell, bound).
    rows : pandas.DataFrame
        Roster of it; who saw none of the datasets is left out, who saw only some comes last.
    datasets : dict of str to str
        Labels of those to draw.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is no dataset, or one has not exactly one condition.
    """
    if not datasets:
        raise InputError("no dataset to draw, expected a nonparametric one")
    tables = {dataset: _accuracies(conditions, dataset) for dataset in datasets}
    families, rows = rows, _ordered(rows, [table[MEASURE] for table in tables.values()])
    step, size = (0.118, 5.8) if len(rows) > CROWD else (0.15, 6.5)
    figure = Figure(figsize=(DOUBLE, 1.1 + step * len(rows)))
    # The reference group stands a little apart.
    at = np.arange(len(rows)) - 0.4 * rows["is_reference"].values
    panels = figure.subplots(1, len(datasets), sharey=True, squeeze=False).flat
    for ax, (dataset, label) in zip(panels, datasets.items(), strict=True):
        table = rows.join(tables[dataset])
        bars(ax, at, table, MEASURE)
        _values(ax, at, table[MEASURE], size)
        ax.set_title(label)
        ax.set_xlim(0, 1)
        ax.xaxis.set_major_formatter("{x:g}")
        scale(ax, "Accuracy", "higher")
    ax.set_yticks(at, rows["label"], fontsize=size)
    ax.set_ylim(max(at) + 0.6, min(at) - 0.6)
    legend(figure, family_entries(families[families.index.isin(rows.index)]), columns=6)
    return figure


def _accuracies(conditions, dataset):
    cells = conditions["dataset"].values == dataset
    if cells.sum() != 1:
        raise InputError(f"{dataset}: {cells.sum()} conditions in the store, expected one")
    cell = conditions.isel(cell=int(cells.argmax()))
    table = cell["accuracy_interval"].transpose("observer", "bound").to_pandas()[["lower", "upper"]]
    table.insert(0, "accuracy", cell["accuracy"].to_series())
    return table.set_axis(COLUMNS, axis="columns")


def _ordered(rows, accuracies):
    """Whoever saw a dataset, in the order of the bars."""
    sums, seen = sum(one.fillna(0) for one in accuracies), sum(one.notna() for one in accuracies)
    rows = rows.assign(seen=seen, mean=sums / seen)
    rows = rows[rows["seen"] > 0]
    return rows.sort_values(["is_reference", "seen", "mean"], ascending=False, kind="stable")


def _values(ax, at, values, size):
    """Numbers beside the panel; a dash for who did not see the dataset."""
    for y, value in zip(at, values, strict=True):
        text, colour = ("\N{EN DASH}", LINE) if np.isnan(value) else (f"{value:.2f}", "black")
        ax.text(1.04, y, text, transform=ax.get_yaxis_transform(), va="center", fontsize=size, color=colour)
