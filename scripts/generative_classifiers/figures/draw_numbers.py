"""S3: measures over the number of draws."""

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from generative_classifiers.figures.lab_panels import BAND, markers, of_measures, strong
from generative_classifiers.figures.style import LINE, legend, paper


@paper()
def draw_number_curves(draw_numbers: xr.Dataset, styles: pd.DataFrame) -> Figure:
    """Shape bias, accuracy and error consistency of the first draws, with the spread over random subsets.

    Parameters
    ----------
    draw_numbers : xarray.Dataset
        As `metrics.lab.draw_numbers` returns it.
    styles : pandas.DataFrame
        The `plot_styles` of its observers.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, panels, models, handles = of_measures(draw_numbers, styles, draws=0)
    for measure, ax in panels.items():
        for row in models.itertuples():
            one = draw_numbers.sel(observer=row.Index).dropna("draws", subset=[measure])
            numbers, spread = one["draws"].values, one[f"{measure}_spread"].transpose("bound", "draws").values
            markers(ax, numbers, one[measure], one[f"{measure}_interval"], row)
            ax.plot(numbers, one[measure].values, **strong(row))
            ax.fill_between(numbers, *spread, color=row.colour, **BAND)
        ax.set_xscale("log", base=2)
        ax.xaxis.set_major_formatter("{x:g}")
        ax.set_xlabel("Draws")
    random = Patch(color=LINE, alpha=BAND["alpha"], label="random draws, 95 % of the subsets")
    legend(figure, [*handles, random])
    return figure
