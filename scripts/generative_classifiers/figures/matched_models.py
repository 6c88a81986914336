"""S7: matched models, and what the factors explain in which they differ."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from generative_classifiers.figures.style import DOUBLE, LINE, paper

ROW, INK, FAINT = 0.2, "#222222", 0.35
SUFFIX = "-simple"


@paper()
def factor_panels(found: xr.Dataset, styles: pd.DataFrame) -> Figure:
    """The shape bias of every model, the effect of every level, and the share of variance of every factor.

    Parameters
    ----------
    found : xarray.Dataset
        As `metrics.lab.matched_models.matched_models` returns it.
    styles : pandas.DataFrame
        The `plot_styles` of its observers.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = Figure(figsize=(DOUBLE, max(3.5, 0.8 + ROW * found.sizes["observer"])))
    grid = figure.add_gridspec(2, 2, height_ratios=[found.sizes["term"], found.sizes["factor"]])
    models = figure.add_subplot(grid[:, 0])
    names = found["observer"].values.tolist()
    colours = [styles.loc[name, "colour"] for name in names]
    strengths = [1.0 if tested else FAINT for tested in found["tested"].values.tolist()]
    _rows(models, found, "shape_bias", [_label(name, styles) for name in names], colours, strengths)
    models.set(xlabel="Shape bias", xlim=(-0.03, 1.03))
    effects = figure.add_subplot(grid[0, 1])
    _rows(effects, found, "effect", found["term"].values.tolist())
    effects.set_xlabel("Effect (log-odds of shape)")
    effects.axvline(0, color=LINE, linewidth=0.6, linestyle=":")
    shares = figure.add_subplot(grid[1, 1])
    _rows(shares, found, "share", found["factor"].values.tolist())
    shares.set(xlabel="Share of the variance", xlim=(0, None))
    return figure


def _label(name, styles):
    """What a model is called; the second row of one under the weighting `simple` says so."""
    base = name.removesuffix(SUFFIX)
    return f"{styles.loc[base, 'label']}, simple weighting" if name != base else styles.loc[name, "label"]


def _rows(ax: Axes, found, name, labels, colours=None, strengths=None):
    """Values with their intervals, one below the other."""
    y = np.arange(len(labels))
    for place, value, bounds, colour, strength in zip(
        y,
        found[name].values,
        found[f"{name}_interval"].transpose(..., "bound").values,
        colours or [INK] * len(labels),
        strengths or [1.0] * len(labels),
        strict=True,
    ):
        ax.hlines(place, *bounds, color=colour, alpha=strength, linewidth=1)
        ax.plot(value, place, color=colour, alpha=strength, marker="o", markersize=4)
    ax.set_yticks(y, labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.grid(axis="x")
