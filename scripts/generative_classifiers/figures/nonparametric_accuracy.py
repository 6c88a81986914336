"""Accuracy on the datasets that have a single condition: one panel of bars per dataset."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from generative_classifiers.figures.benchmark import bar_positions, bars
from generative_classifiers.figures.cells import only_cell
from generative_classifiers.figures.observer_colours import family_entries
from generative_classifiers.figures.plot_styles import with_values
from generative_classifiers.figures.style import DOUBLE, LINE, label_value_axis, legend, paper, row_step
from generative_classifiers.io.errors import InputError

# `bars` shows accuracy as this measure: these images are out of distribution, too.
MEASURE = "ood_accuracy"


@paper()
def nonparametric_accuracy(conditions: xr.Dataset, styles: pd.DataFrame, labels: Mapping[str, str]) -> Figure:
    """A bar per observer and dataset: the reference group, then the models from best to worst.

    Parameters
    ----------
    conditions : xarray.Dataset
        `accuracy` (observer, cell) and `accuracy_interval` (observer, cell, bound).
    styles : pandas.DataFrame
        The `plot_styles` of its observers. Observers that saw none of the datasets are left out; those that saw only
        some come last.
    labels : dict of str to str
        The labels of the datasets to show.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is no dataset, or a dataset does not have exactly one condition.
    """
    if not labels:
        raise InputError("no dataset to show, expected a nonparametric one")
    cells = {dataset: _accuracy(conditions, dataset) for dataset in labels}
    table = _in_order(styles, [cell[MEASURE].to_series() for cell in cells.values()])
    step, size = row_step(len(table))
    figure = Figure(figsize=(DOUBLE, 1.1 + step * len(table)))
    positions = bar_positions(table)
    panels = figure.subplots(1, len(labels), sharey=True, squeeze=False).flat
    for ax, (dataset, label) in zip(panels, labels.items(), strict=True):
        values = with_values(table, cells[dataset], MEASURE)
        bars(ax, positions, values, MEASURE)
        _numbers(ax, positions, values[MEASURE], size)
        ax.set_title(label)
        ax.set_xlim(0, 1)
        ax.xaxis.set_major_formatter("{x:g}")
        label_value_axis(ax, "Accuracy", "higher")
    ax.set_yticks(positions, table["label"], fontsize=size)
    ax.set_ylim(max(positions) + 0.6, min(positions) - 0.6)
    legend(figure, family_entries(styles[styles.index.isin(table.index)]), columns=6)
    return figure


def _accuracy(conditions, dataset):
    """Accuracy in the dataset's only condition, by the name of the measure."""
    cell = only_cell(conditions[["accuracy", "accuracy_interval"]], dataset)
    return cell.rename({"accuracy": MEASURE, "accuracy_interval": f"{MEASURE}_interval"})


def _in_order(styles, accuracies):
    """The observers that saw a dataset, in the order of the bars."""
    totals = sum(accuracy.fillna(0) for accuracy in accuracies)
    seen = sum(accuracy.notna() for accuracy in accuracies)
    styles = styles.assign(seen=seen, mean=totals / seen)
    styles = styles[styles["seen"] > 0]
    return styles.sort_values(["is_reference", "seen", "mean"], ascending=False, kind="stable")


def _numbers(ax, positions, values, size):
    """The values next to the panel; a dash for observers that did not see the dataset."""
    for y, value in zip(positions, values, strict=True):
        text, colour = ("\N{EN DASH}", LINE) if np.isnan(value) else (f"{value:.2f}", "black")
        ax.text(1.04, y, text, transform=ax.get_yaxis_transform(), va="center", fontsize=size, color=colour)
