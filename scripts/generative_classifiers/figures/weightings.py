"""S2: measures over the weighting of the noise levels."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from generative_classifiers.draws.weighting import RATE
from generative_classifiers.figures.lab_panels import curve, markers, of_measures
from generative_classifiers.figures.style import LINE, legend, paper

NAMES = {"log_snr": "log-SNR"}
GAP, STEP = 2.0, 1.6  # of the named weightings from the largest rate and from each other, in units of the rate
MARK: dict[str, Any] = {"color": LINE, "linewidth": 0.8, "linestyle": ":"}


@paper()
def weighting_curves(weightings: xr.Dataset, styles: pd.DataFrame) -> Figure:
    """Shape bias, accuracy and error consistency over the rate of exp(-rate t), and under other weightings.

    Parameters
    ----------
    weightings : xarray.Dataset
        As `metrics.lab.weightings` returns it.
    styles : pandas.DataFrame
        The `plot_styles` of its observers.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, panels, models, handles = of_measures(weightings, styles, weighting="none")
    rates = weightings.isel(weighting=np.isfinite(weightings["rate"].values))
    exponential = {*rates["weighting"].values.tolist(), "none"}
    named = [name for name in weightings["weighting"].values.tolist() if name not in exponential]
    places = rates["rate"].values.max() + GAP + STEP * np.arange(len(named))
    for measure, ax in panels.items():
        for row in models.itertuples():
            one, others = rates.sel(observer=row.Index), weightings.sel(observer=row.Index, weighting=named)
            curve(ax, rates["rate"].values, one[measure], one[f"{measure}_interval"], row)
            markers(ax, places, others[measure], others[f"{measure}_interval"], row)
        ax.axvline(RATE, **MARK)
        ticks = np.arange(0, rates["rate"].values.max() + 1, RATE)
        labels = [f"{tick:g}" for tick in ticks] + [NAMES.get(name, name) for name in named]
        ax.set_xticks([*ticks, *places], labels, rotation=90)
        ax.set_xlabel("λ of exp(−λt), and other weightings")  # noqa: RUF001
    chosen = Line2D([], [], label="the paper's choice", **MARK)
    legend(figure, [*handles, chosen])
    return figure
