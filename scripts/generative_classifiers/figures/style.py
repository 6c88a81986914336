"""What all figures share: the style sheet, sizes in print, and files that are the same bytes each time."""

from pathlib import Path

import matplotlib.style

from generative_classifiers.io.atomic import atomic_write
from generative_classifiers.io.paths import STYLES

# Widths of a printed column and of a printed page, in inches.
SINGLE, DOUBLE = 3.4, 7.0
STYLE_SHEET = STYLES / "paper.mplstyle"
# For what is no observer's: lines of chance, separators, and matrix cells without a value.
LINE, BLANK = "#777777", "#EEEEEE"
# Which direction is better.
ARROWS = {"": "", "higher": " ↑", "lower": " ↓"}
# matplotlib would write the date and its own version.
METADATA = {"pdf": {"CreationDate": None, "Producer": None, "Creator": None}, "png": {"Software": None}}


def paper():
    """The paper's style and nothing of the user's own, for a `with` block or as a decorator."""
    return matplotlib.style.context(["default", STYLE_SHEET])


@paper()
def save(figure, pdf_path, png_path):
    """Write a figure for print and for the screen: the same bytes for the same figure, whole or not at all.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    pdf_path, png_path : Path
    """
    for path, kind in ((Path(pdf_path), "pdf"), (Path(png_path), "png")):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as partial:
            figure.savefig(partial, format=kind, metadata=METADATA[kind])
        # The layout does not depend on the kind of file; to find it again would take as long as to draw.
        figure.set_layout_engine("none")


def legend(figure, handles, columns=4, title=None):
    """Put a legend under all panels, where it can cover none.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    handles : list of matplotlib.artist.Artist
        With labels.
    columns : int
        How many at most stand beside each other.
    title : str, optional
    """
    figure.legend(handles=handles, loc="outside lower center", ncols=min(columns, len(handles)), title=title)


def scale(ax, label, better=""):
    """Label the value axis of a horizontal plot and give it light vertical lines.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    label : str
    better : {"", "higher", "lower"}
        Which direction is better, said by an arrow.
    """
    ax.set_xlabel(label + ARROWS[better])
    ax.set_ylabel("")
    ax.grid(axis="x")
    ax.tick_params(axis="y", length=0)
