"""S6: measures over the strength of noise and blur in training."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from generative_classifiers.figures.lab_panels import BAND, LABELS, PANEL
from generative_classifiers.figures.style import DOUBLE, legend, paper
from generative_classifiers.study.families import FAMILIES

MEASURES = LABELS | {"accuracy_clean": "Accuracy, undistorted", "accuracy_noisy": "Accuracy, noisy"}
# By what the panels have on their axis: the label, and how each kind of training is drawn.
COLUMNS: dict[str, tuple[str, dict[str, tuple[str, str, str]]]] = {
    "noise_share": (
        "Noise in training: mean σ²",
        {
            "sqrt_alphas": (r"$\alpha = \sqrt{u}$", "#0072B2", "o"),
            "alphas": (r"$\alpha = u$", "#009E73", "s"),
            "fixed": (r"$\alpha$ fixed", "#CC79A7", "^"),
        },
    ),
    "low_pass": (
        "Blur in training: σ in pixels of 224",  # noqa: RUF001
        {
            "blur": ("blur", "#4D4D4D", "v"),
            "blur and noise": (r"blur, and $\alpha = \sqrt{u}$", "#E69F00", "D"),
        },
    ),
}
TARGET = FAMILIES["diffusion"].colour
SINGLE_TRAINING: dict[str, Any] = {"markersize": 2.5, "linestyle": "none", "alpha": 0.5, "zorder": 2}


@paper()
def dose_curves(found: xr.Dataset, labels: Mapping[str, str]) -> Figure:
    """Rows of panels for shape bias and accuracies; columns for noise and for blur.

    Parameters
    ----------
    found : xarray.Dataset
        As `metrics.lab.dose_response.dose_response` returns it.
    labels : dict of str to str
        Of observers.

    Returns
    -------
    matplotlib.figure.Figure
    """
    measures = found["measure"].values.tolist()
    figure = Figure(figsize=(DOUBLE, 0.6 + PANEL * len(measures)))
    panels = figure.subplots(len(measures), len(COLUMNS), sharey="row", sharex="col", squeeze=False)
    for row, measure in zip(panels, measures, strict=True):
        row[0].set_ylabel(MEASURES[measure])
        for ax, (dose, (label, kinds)) in zip(row, COLUMNS.items(), strict=True):
            _panel(ax, found.sel(measure=measure), dose, kinds)
            ax.set_xlabel(label if measure == measures[-1] else "")
    compared = found.attrs["compared_with"]
    lines = [Line2D([], [], color=TARGET, linewidth=1, label=labels.get(compared, compared))]
    lines += [
        Line2D([], [], color=colour, marker=marker, label=label)
        for _, kinds in COLUMNS.values()
        for label, colour, marker in kinds.values()
    ]
    legend(figure, lines)
    return figure


def _panel(ax: Axes, found, dose, kinds):
    """One measure: the line of the compared model, and a line for each kind, which begins at the plain training."""
    ax.grid(axis="y")
    ax.axhline(found["target"].item(), color=TARGET, linewidth=1)
    ax.axhspan(*found["target_interval"].values, color=TARGET, **BAND)
    for kind, (_, colour, marker) in kinds.items():
        chosen = found.isel(variant=np.isin(found["kind"].values, ["none", kind])).sortby(dose)
        if not (chosen["kind"] == kind).any():
            continue
        ax.plot(chosen[dose], chosen["mean"], color=colour, marker=marker, markersize=4, zorder=4)
        ax.vlines(chosen[dose], *chosen["mean_interval"].values.T, color=colour, linewidth=0.8, zorder=3)
        for seed in chosen["seed"].values.tolist():
            one = chosen.sel(seed=seed)
            for shown, form in ((one["tested"], "."), (~one["tested"], "x")):
                ax.plot(one[dose], one["value"].where(shown), color=colour, marker=form, **SINGLE_TRAINING)
