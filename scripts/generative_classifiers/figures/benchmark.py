"""The benchmark's summary as bars: how accurate, and how human-like, every observer is."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from generative_classifiers.figures.roster import family_entries
from generative_classifiers.figures.style import DOUBLE, SINGLE, legend, paper, scale


class Measure(NamedTuple):
    """How a variable of the benchmark is drawn; `chance` is what guessing among 16 categories gives."""

    label: str
    better: str
    chance: float | None = None


MEASURES = {
    "ood_accuracy": Measure("OOD accuracy", "higher", 1 / 16),
    "accuracy_difference": Measure("Accuracy difference", "lower"),
    "observed_consistency": Measure("Observed consistency", "higher"),
    "error_consistency": Measure("Error consistency κ", "higher", 0.0),
}


@paper()
def benchmark(summary, rows, measures=tuple(MEASURES)):
    """Bars of several measures side by side: the reference group first, then the models from best to worst.

    Parameters
    ----------
    summary : xarray.Dataset
        `datasets`, `mean_rank` and the measures (observer). Observers that lack some of the reference group's
        datasets are left out: their averages would not compare.
    rows : pandas.DataFrame
        Roster of it.
    measures : sequence of str
        Keys of `MEASURES`, a panel each. Models are sorted by a single measure, or else by their mean rank.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = ["datasets", "mean_rank", *measures]
    table = rows.join(summary[columns].to_dataframe()[columns])
    table = table[table["datasets"] == table.loc[table["is_reference"], "datasets"].max()]
    key = measures[0] if len(measures) == 1 else "mean_rank"
    ascending = key == "mean_rank" or MEASURES[key].better == "lower"
    table = table.sort_values(["is_reference", key], ascending=[False, ascending], kind="stable")
    figure = Figure(figsize=(SINGLE if len(measures) == 1 else DOUBLE, 1.0 + 0.15 * len(table)))
    panels = figure.subplots(1, len(measures), sharey=True, squeeze=False).flat
    for ax, measure in zip(panels, measures, strict=True):
        bars(ax, table, measure)
    legend(figure, family_entries(rows[rows.index.isin(table.index)]), columns=3 if len(measures) == 1 else 6)
    return figure


def bars(ax, table, measure):
    """One panel: a bar per observer, and the reference group's value as a line through all of them.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    table : pandas.DataFrame
        Roster in the order of the bars, the reference group first, with the measure as a column.
    measure : str
        Key of `MEASURES`.
    """
    label, better, chance = MEASURES[measure]
    # The reference group stands a little apart.
    y = np.arange(len(table)) - 0.4 * table["is_reference"]
    ax.barh(y, table[measure], color=table["colour"], height=0.75)
    for at, value in zip(y, table[measure], strict=True):
        ax.text(1.03, at, f"{value:.3f}", transform=ax.get_yaxis_transform(), va="center", fontsize=6.5)
    for _, row in table[table["is_reference"]].iterrows():
        ax.axvline(row[measure], color=row["colour"], linewidth=0.8, linestyle="--", zorder=3)
    if chance is not None:
        ax.axvline(chance, color="black", linewidth=0.8, linestyle=":", zorder=3)
    ax.set_yticks(y, table["label"])
    ax.set_ylim(max(y) + 0.6, min(y) - 0.6)
    ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    ax.xaxis.set_major_formatter("{x:g}")
    scale(ax, label, better)
