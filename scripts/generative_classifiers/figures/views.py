"""S5: measures over the low-pass."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from generative_classifiers.figures.lab_panels import curve, entries, measure_panels, reference_line, split_styles
from generative_classifiers.figures.style import legend, paper


@paper()
def view_curves(views: xr.Dataset, styles: pd.DataFrame) -> Figure:
    """Shape bias, OOD accuracy and error consistency over the blur and over the size of images.

    Parameters
    ----------
    views : xarray.Dataset
        As `metrics.lab.views` returns it.
    styles : pandas.DataFrame
        The `plot_styles` of its observers.

    Returns
    -------
    matplotlib.figure.Figure
    """
    unchanged = views.attrs["unchanged"]
    columns = {"Blur: σ in pixels of 224": _blurs(views), "Shrunk to pixels": _sizes(views, unchanged)}  # noqa: RUF001
    columns = {label: places for label, places in columns.items() if len(places) > 1}
    measures = views["measure"].values.tolist()
    figure, panels = measure_panels(measures, max(len(columns), 2))
    models, group = split_styles(styles)
    for measure, row_of_panels in zip(measures, panels, strict=True):
        of_measure = views.sel(measure=measure)
        for ax, (label, places) in zip(row_of_panels, columns.items(), strict=False):
            _panel(ax, of_measure, places, models, group, unchanged)
            ax.set_xticks(range(len(places)), list(places.values()) if measure == measures[-1] else [])
            ax.set_xlabel(label if measure == measures[-1] else "")
        for ax in row_of_panels[len(columns) :]:
            ax.remove()
    legend(figure, entries(models, group))
    return figure


def _blurs(views):
    """The views that blur, by rising standard deviation, with their labels."""
    blurred = views["low_pass"].dropna("view").sortby("low_pass")
    return {str(name): f"{value:g}" for name, value in zip(blurred["view"].values, blurred.values, strict=True)}


def _sizes(views, unchanged):
    """The unchanged images and the views that resize, by falling size, with their labels."""
    sizes = views["resize"].dropna("view").sortby("resize", ascending=False)
    return {unchanged: "all"} | {
        str(name): f"{value:g}" for name, value in zip(sizes["view"].values, sizes.values, strict=True)
    }


def _panel(ax, values, places, models, group, unchanged):
    x = np.arange(len(places))
    for row in group.itertuples():
        one = values.sel(observer=row.Index, view=unchanged)
        reference_line(ax, one["value"], one["value_interval"], row)
    for row in models.itertuples():
        one = values.sel(observer=row.Index, view=list(places))
        curve(ax, x, one["value"], one["value_interval"], row)
