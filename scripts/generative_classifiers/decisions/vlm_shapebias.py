"""CSV files of answers to cue conflicts, as Gavrikov et al. publish them (arXiv 2403.09193).

One file per observer, with a line for each image. Two columns count: `image`, the name of the image without `.png`, and
`pred_label`, a category, or `None` where the observer's answer named no category. All other columns may be missing.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from generative_classifiers.decisions.answers import Answers
from generative_classifiers.io.errors import InputError
from generative_classifiers.study.categories import CATEGORIES

COLUMNS = ["image", "pred_label"]
NO_CATEGORY = "None"
# The category of the shape: `bird` of `bird3-cat2`.
SHAPE = r"^([a-z]+)\d+-[a-z]+\d+$"


def read_predictions(path, observer, kind, conditions):
    """Read one observer's answers to cue conflicts.

    Parameters
    ----------
    path : Path
    observer : str
        Not used: the files do not name it. All readers have the same parameters.
    kind : {"parametric", "nonparametric"}
        Kind of the dataset.
    conditions : sequence of str
        The conditions of the dataset.

    Returns
    -------
    Answers
        An answer that names no category is no answer, which counts as wrong.

    Raises
    ------
    InputError
        The dataset has conditions, a column is missing, a label is unknown, or an image is not named as a cue conflict
        or occurs twice. The message names the file and the line.
    """
    if kind != "nonparametric":
        raise InputError(f"{path}: answers to cue conflicts have no conditions, expected {', '.join(conditions)}")
    table = _read(Path(path))
    shape = table["image"].str.extract(SHAPE, expand=False)
    _check(path, table["image"], shape.isin(CATEGORIES), "a cue conflict such as bird3-cat2")
    _check(path, table["image"], ~table["image"].duplicated(), "each image once")
    labels = [*CATEGORIES, NO_CATEGORY]
    _check(path, table["pred_label"], table["pred_label"].isin(labels), ", ".join(labels))
    images = pd.DataFrame({"category": shape.array, "condition": "all"}, table["image"] + ".png", dtype=object)
    # The index of what is not found is -1, as that of no answer is to be.
    response = pd.Index(CATEGORIES).get_indexer(table["pred_label"]).astype(np.int8)
    return Answers(str(path), images, response, lines=np.arange(len(table)) + 2)  # after the header


def _read(path):
    """The columns of a file that count, as text."""
    expected = f"{path}: expected a CSV file with columns {', '.join(COLUMNS)}"
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except ValueError as error:
        raise InputError(f"{expected}: {str(error).strip()}") from None
    absent = [name for name in COLUMNS if name not in table]
    if absent:
        raise InputError(f"{expected}, found {', '.join(table)}")
    if table.empty:
        raise InputError(f"{path}: expected trials, found none")
    return table[COLUMNS]


def _check(path, column, is_right, expected):
    """Raise InputError for the first line that is wrong."""
    if not is_right.all():
        line = int(np.argmin(is_right))
        raise InputError(f"{path}, line {line + 2}: {column.name} is {column.iloc[line]!r}, expected {expected}")
