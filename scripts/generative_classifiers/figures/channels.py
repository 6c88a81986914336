"""S8: loss of accuracy under noise by its frequency, and the centres of channels over the shape bias."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from generative_classifiers.figures.lab_panels import PANEL, STRONG, entries, split_styles, strong
from generative_classifiers.figures.style import DOUBLE, LINE, legend, paper
from generative_classifiers.metrics.lab.channel import gaussian

SMOOTH = 200  # points of a curve
SPREAD = 0.4  # octaves over which the markers of all observers lie side by side


@paper()
def channel_curves(channels: xr.Dataset, styles: pd.DataFrame) -> Figure:
    """Losses with the fitted channels, and centres of the channels with the shape biases.

    Parameters
    ----------
    channels : xarray.Dataset
        As `metrics.lab.channels` returns it.
    styles : pandas.DataFrame
        The `plot_styles` of its observers.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = Figure(figsize=(DOUBLE, 1.6 * PANEL))
    losses, centres = figure.subplots(1, 2, width_ratios=(1.5, 1))
    models, group = split_styles(styles)
    rows = [*group.itertuples(), *models.itertuples()]
    for row, shift in zip(rows, np.linspace(-SPREAD, SPREAD, len(rows)) / 2, strict=True):
        one = channels.sel(observer=row.Index)
        _losses(losses, one, _look(row), shift)
        _centre(centres, one, _look(row))
    _finish(losses, centres, channels)
    legend(figure, entries(models, group))
    return figure


def _look(row):
    """How an observer is drawn. The reference group, which has a line elsewhere, has its marker here."""
    return strong(row) if not row.is_reference else {"color": row.colour, "marker": row.marker, **STRONG}


def _losses(ax, one, look, shift):
    octaves = np.log2(one["frequency"].values)
    points = look | {"linestyle": "none", "zorder": 4}
    ax.vlines(octaves + shift, *one["loss_interval"].transpose("bound", ...).values, color=look["color"], linewidth=0.5)
    ax.plot(octaves + shift, one["loss"].values, **points)
    fitted = [one[name].item() for name in ("centre", "width", "peak")]
    if np.isfinite(fitted).all():
        smooth = np.linspace(octaves[0], octaves[-1], SMOOTH)
        curve = gaussian(smooth, np.log2(fitted[0]), *fitted[1:])
        ax.plot(smooth, curve, **look | {"marker": "none", "linewidth": 1})


def _centre(ax, one, look):
    """An observer's centre and shape bias with their intervals; hollow if it does not count."""
    centre, bias = np.log2(one["centre"].item()), one["shape_bias"].item()
    if not np.isfinite([centre, bias]).all():
        return
    faint = {"color": look["color"], "linewidth": 0.5}
    ax.hlines(bias, *np.log2(one["centre_interval"].values), **faint)
    ax.vlines(centre, *one["shape_bias_interval"].values, **faint)
    hollow = {"markerfacecolor": "white"} if one["reason"].item() else {}
    ax.plot(centre, bias, **look | {"linestyle": "none", "markersize": 5, "zorder": 4} | hollow)


def _finish(losses, centres, channels):
    octaves = np.log2(channels["frequency"].values)
    labels = [f"{value:g}" for value in channels["frequency"].values]
    for ax in (losses, centres):
        ax.set_xticks(octaves, labels)
        ax.set_xlim(octaves[0] - 0.4, octaves[-1] + 0.4)
        ax.grid(axis="y")
    losses.axhline(0, color=LINE, linewidth=0.6)
    losses.set_xlabel("Frequency of the noise [cycles per image]")
    losses.set_ylabel("Loss of accuracy")
    above = losses.secondary_xaxis("top")
    above.set_xticks(octaves, [f"{value:.2g}".lstrip("0") for value in channels["cycles_per_pixel"].values])
    above.set_xlabel("[cycles per pixel]")
    centres.set_xlabel("Centre of the channel [cycles per image]")
    centres.set_ylabel("Shape bias")
    centres.set_ylim(0, 1)
    centres.set_title(_correlation(channels), loc="left")


def _correlation(channels):
    value, bounds = channels["correlation"].item(), channels["correlation_interval"].values
    if not np.isfinite(value):
        return "too few observers for a correlation"
    return f"ρ = {value:.2f} ({bounds[0]:.2f} to {bounds[1]:.2f})".replace("-", "−")  # noqa: RUF001
