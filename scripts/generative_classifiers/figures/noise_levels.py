"""S1: shape and texture decisions by noise level."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from generative_classifiers.figures.lab_panels import BAND, observer_panels
from generative_classifiers.figures.style import legend, paper

# Not the colour of a family, since both curves of a panel are of the same observer.
CUES = {"shape": "#111111", "texture": "#B8860B"}
TICKS = (0.05, 0.25, 0.5, 0.75, 0.95)  # noise levels at which the log-SNR is written


@paper()
def noise_level_curves(noise_levels: xr.Dataset, styles: pd.DataFrame) -> Figure:
    """Shares of shape and texture decisions over the noise level: a panel for each observer.

    Parameters
    ----------
    noise_levels : xarray.Dataset
        As `metrics.lab.noise_levels` returns it.
    styles : pandas.DataFrame
        The `plot_styles` of its observers.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, panels = observer_panels(styles, "Share of decisions")
    for ax, name in zip(panels, styles.index, strict=True):
        _panel(ax, noise_levels.sel(observer=name).dropna("draw", subset=["shape"]).sortby("time"))
    legend(figure, [Patch(color=colour, label=f"for the {cue}") for cue, colour in CUES.items()])
    return figure


def _panel(ax, one):
    time = one["time"].values
    for cue, colour in CUES.items():
        ax.plot(time, one[cue].values, color=colour, linewidth=1)
        ax.fill_between(time, *one[f"{cue}_interval"].transpose("bound", "draw").values, color=colour, **BAND)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, None)
    ax.set_xlabel("Noise level t")
    above = ax.secondary_xaxis("top")
    above.set_xticks(TICKS, [f"{round(value)}" for value in np.interp(TICKS, time, one["log_snr"].values)])
    above.set_xlabel("log-SNR")
