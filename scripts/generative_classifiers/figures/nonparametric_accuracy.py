"""Accuracy on the datasets that have a single condition: bars, a panel per dataset."""

import numpy as np
from matplotlib.figure import Figure

from generative_classifiers.figures.benchmark import bars, pitch, places
from generative_classifiers.figures.plot_styles import family_entries, with_values
from generative_classifiers.figures.style import DOUBLE, LINE, legend, paper, scale
from generative_classifiers.io.errors import InputError

# What `bars` looks for: these images are out of distribution, too.
MEASURE = "ood_accuracy"


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
    cells = {dataset: _cell(conditions, dataset) for dataset in datasets}
    families, rows = rows, _ordered(rows, [cell[MEASURE].to_series() for cell in cells.values()])
    step, size = pitch(rows)
    figure = Figure(figsize=(DOUBLE, 1.1 + step * len(rows)))
    at = places(rows)
    panels = figure.subplots(1, len(datasets), sharey=True, squeeze=False).flat
    for ax, (dataset, label) in zip(panels, datasets.items(), strict=True):
        table = with_values(rows, cells[dataset], MEASURE)
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


def _cell(conditions, dataset):
    """Accuracies in the dataset's only condition, by the name of the measure."""
    cells = conditions["dataset"].values == dataset
    if cells.sum() != 1:
        raise InputError(f"{dataset}: {cells.sum()} conditions in the store, expected one")
    cell = conditions[["accuracy", "accuracy_interval"]].isel(cell=int(cells.argmax()))
    return cell.rename({"accuracy": MEASURE, "accuracy_interval": f"{MEASURE}_interval"})


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
