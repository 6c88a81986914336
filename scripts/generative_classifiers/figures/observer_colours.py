"""The colours of observers in figures, and the entries of legends in the colours of their families."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import to_hex, to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from generative_classifiers.figures.plot_styles import faint_families, mark_faint
from generative_classifiers.study.families import FAMILIES

# Bars and markers of published numbers are hollow: this share of white in their filling, and in a legend this colour
# and name.
FILLING = 0.75
# The bars of ranges: the share of white in their colour, and their width in points.
RANGE_TINT, RANGE_WIDTH = 0.5, 3
HOLLOW = "#333333"
NOT_MEASURED = "as published, not measured"


def shade_families(styles: pd.DataFrame) -> pd.DataFrame:
    """Give observers of the same family different shades, from the family's own colour to a lighter one.

    Parameters
    ----------
    styles : pandas.DataFrame
        As `plot_styles` or `mark_faint` returns it.

    Returns
    -------
    pandas.DataFrame
        The same with other colours, except for the first of a family and for faint observers. The shades of highlighted
        observers of a large family are dark.
    """
    styles = styles.copy()
    for _, members in mark_faint(styles).groupby("family", sort=False):
        strong, own = members[~members["faint"]], members["colour"].iloc[0]
        towards = tint if len(strong) == len(members) else shade
        steps = np.linspace(0, 0.7, len(strong), endpoint=False)
        styles.loc[strong.index, "colour"] = [towards(own, step) for step in steps]
    return styles


def shade(colour: str, black: float) -> str:
    """A darker colour.

    Parameters
    ----------
    colour : str
    black : float
        The share of black in it.

    Returns
    -------
    str

    Examples
    --------
    >>> shade("#ffffff", 0.5)
    '#808080'
    """
    return to_hex((1 - black) * np.array(to_rgb(colour)))


def range_line(row: Any) -> dict[str, Any]:
    """How figures draw the range of a family's faint observers, of which `row` is the last, in its family's colour."""
    return {"color": tint(FAMILIES[row["family"]].colour, RANGE_TINT), "linewidth": RANGE_WIDTH, "zorder": 2}


def range_entries(styles: pd.DataFrame, overall: pd.Series) -> list[Line2D]:
    """The entries of a legend for the ranges of faint observers.

    Parameters
    ----------
    styles : pandas.DataFrame
        As `mark_faint` returns it.
    overall : pandas.Series
        A value for every observer; the entries have the smallest and the largest of them.

    Returns
    -------
    list of matplotlib.lines.Line2D
    """
    entries = []
    for text, members in faint_families(styles):
        values = overall[members.index]
        text = f"{text}: {values.min():.2f} to {values.max():.2f}"
        entries.append(Line2D([], [], label=text, **range_line(members.iloc[-1])))
    return entries


def tint(colour: str, white: float) -> str:
    """A lighter colour.

    Parameters
    ----------
    colour : str
    white : float
        The share of white in it.

    Returns
    -------
    str

    Examples
    --------
    >>> tint("#000000", 0.5)
    '#808080'
    """
    return to_hex((1 - white) * np.array(to_rgb(colour)) + white)


def family_entries(styles: pd.DataFrame) -> list[Patch]:
    """The entries of a legend: one per family, in its colour.

    Parameters
    ----------
    styles : pandas.DataFrame
        As `plot_styles` returns it.

    Returns
    -------
    list of matplotlib.patches.Patch
    """
    first = styles.drop_duplicates("family")
    return [Patch(color=row.colour, label=row.family_label) for row in first.itertuples()]
