"""S4: agreement with other draws, over the evaluations spent."""

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from generative_classifiers.figures.lab_panels import observer_panels
from generative_classifiers.figures.style import legend, paper

# Colours of Okabe and Ito; rules are no families.
RULES = {
    "all categories": ("#111111", "o"),
    "paired": ("#CC79A7", "s"),
    "sequential": ("#0072B2", "^"),
    "moderated": ("#009E73", "v"),
}


@paper()
def spending_curves(spent: xr.Dataset, styles: pd.DataFrame) -> Figure:
    """Agreement over evaluations: a panel for each observer, a line for each rule.

    Parameters
    ----------
    spent : xarray.Dataset
        As `metrics.lab.spent_evaluations` returns it.
    styles : pandas.DataFrame
        The `plot_styles` of its observers.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, panels = observer_panels(styles, "Agreement with other draws")
    for ax, name in zip(panels, styles.index, strict=True):
        _panel(ax, spent.sel(observer=name).dropna("setting", subset=["agreement"]).sortby("evaluations"))
    shown = [rule for rule in RULES if rule in spent["rule"].values]
    legend(figure, [Line2D([], [], label=rule, **_line(rule)) for rule in shown])
    return figure


def _panel(ax, one):
    for rule in dict.fromkeys(one["rule"].values.tolist()):
        part = one.isel(setting=one["rule"].values == rule)
        x, bounds = part["evaluations"].values, part["agreement_interval"].transpose("bound", "setting").values
        ax.vlines(x, *bounds, color=RULES[rule][0], linewidth=0.6)
        ax.plot(x, part["agreement"].values, **_line(rule))
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter("{x:g}")
    ax.set_xlabel("Evaluations, share of all draws")


def _line(rule):
    colour, marker = RULES[rule]
    return {"color": colour, "marker": marker, "markersize": 3, "linewidth": 1}
