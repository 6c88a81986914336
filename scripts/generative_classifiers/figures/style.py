"""What all figures share: the style sheet, their size in print, and files that are the same bytes every time."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.backends.backend_pdf  # savefig would import it late, for each figure again
import matplotlib.style
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from generative_classifiers.figures.provenance import as_metadata, rests_on
from generative_classifiers.io.atomic import atomic_write
from generative_classifiers.io.paths import STYLES
from generative_classifiers.study.measures import ARROWS

# Widths of a printed column and of a printed page, in inches.
SINGLE, DOUBLE = 3.4, 7.0
# The height in inches that a page leaves to the rows of a tall figure, and the usual distance of rows.
TALLEST, ROOMY = 8.6, 0.15
LABEL_SIZE = 6.5  # points
# A line of text needs so much more than the size of its font.
LINE_HEIGHT = 1.2
STYLE_SHEET = STYLES / "paper.mplstyle"
# The colours of what belongs to no observer: lines of chance and separators; and matrix cells without a value.
LINE, BLANK = "#777777", "#EEEEEE"
# Without this, matplotlib writes the date and its own version into the files.
METADATA = {"pdf": {"CreationDate": None, "Producer": None, "Creator": None}, "png": {"Software": None}}


def paper():
    """The paper's style without the user's own settings, for a `with` block or as a decorator."""
    return matplotlib.style.context(["default", STYLE_SHEET])


@paper()
def save(figure: Figure, pdf_path: Path | str, png_path: Path | str, *stores: xr.Dataset) -> None:
    """Write a figure for print and for the screen. The same figure gives the same bytes; a file is complete or absent.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    pdf_path, png_path : Path
    *stores : xarray.Dataset
        That it shows. The files say which evidence they rest on: `provenance.rests_on`.
    """
    found = rests_on(stores)
    # Text is wider in pixels than in a PDF, so the layout of the PNG leaves enough room for both.
    for path, kind in ((Path(png_path), "png"), (Path(pdf_path), "pdf")):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as partial:
            figure.savefig(partial, format=kind, metadata=METADATA[kind] | as_metadata(found, kind))
        # The second file has the same layout. Computing it again would take as long as the rest.
        figure.set_layout_engine("none")


def row_step(rows: int, roomy: float = ROOMY) -> tuple[float, float]:
    """The distance in inches at which many rows fit on a page, and the size of their labels.

    Parameters
    ----------
    rows : int
    roomy : float
        The largest distance.

    Returns
    -------
    step, size : float

    Examples
    --------
    >>> row_step(10)
    (0.15, 6.5)
    """
    step = min(roomy, TALLEST / max(rows, 1))
    return step, label_size(step)


def label_size(step: float) -> float:
    """The size of labels, in points, that do not overlap at this distance in inches."""
    return min(LABEL_SIZE, 72 * step / LINE_HEIGHT)


def legend(figure: Figure, handles: Sequence[Artist], columns: int = 4, title: str | None = None) -> None:
    """Put a legend below all panels, where it covers none of them, in as many columns as the figure is wide enough for.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    handles : list of matplotlib.artist.Artist
        With labels.
    columns : int
        The largest number of columns.
    title : str, optional
    """
    renderer = FigureCanvasAgg(figure).get_renderer()
    for count in range(min(columns, len(handles)), 0, -1):
        box = figure.legend(handles=handles, loc="outside lower center", ncols=count, title=title)
        if count == 1 or box.get_window_extent(renderer).width <= figure.bbox.width:
            return
        box.remove()


def label_value_axis(ax: Axes, label: str, better: str = "") -> None:
    """Label the value axis of a horizontal plot and give it light vertical lines.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    label : str
    better : {"", "higher", "lower"}
        Which direction is better; an arrow shows it.
    """
    ax.set_xlabel(label + ARROWS[better])
    ax.set_ylabel("")
    ax.grid(axis="x")
    ax.tick_params(axis="y", length=0)
