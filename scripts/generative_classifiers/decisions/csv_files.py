"""CSV files of decisions: those of the model-vs-human benchmark, one per observer, and a table of all observers.

The benchmark's files have the columns subj, session, trial, rt, object_response, category, condition and imagename
(Geirhos et al. 2021, github.com/bethgelab/model-vs-human).
"""

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd

from generative_classifiers.decisions.answers import NO_ANSWER, Answers, as_text
from generative_classifiers.io.atomic import atomic_write
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.texts import read_text
from generative_classifiers.study.benchmark_names import COLUMNS, image_name
from generative_classifiers.study.categories import CATEGORIES


def read_answers(path, observer, kind, conditions):
    """Read one observer's decisions from a file of the benchmark.

    Parameters
    ----------
    path : Path
        The name of the column `session` may begin with a capital.
    observer : str
        Name of the observer. It is the `subj` of all rows, perhaps followed by a hyphen and the source of the file.
        Capitals, and _ in place of -, make no difference.
    kind : {"parametric", "nonparametric"}
        Kind of the dataset. The column `condition` of a nonparametric dataset has no meaning.
    conditions : sequence of str
        The conditions of the dataset.

    Returns
    -------
    Answers

    Raises
    ------
    InputError
        A column is missing, a row belongs to another observer, a category, response or condition is unknown, or an
        image occurs twice. The message names the file and the line.
    """
    path = Path(path)
    columns = _read_columns(path)
    subject = columns["subj"][0]
    if not f"{_spelled(observer)}-".startswith(f"{_spelled(subject)}-"):
        raise InputError(f"{path}, line 2: subj is {subject!r}, expected {observer}")
    if kind == "nonparametric":
        columns["condition"] = ["all"] * len(columns["condition"])
    _check_values(path, columns, "subj", [subject])
    _check_values(path, columns, "category", CATEGORIES)
    _check_values(path, columns, "object_response", [*CATEGORIES, NO_ANSWER])
    _check_values(path, columns, "condition", conditions)
    images = pd.DataFrame(
        {"category": columns["category"], "condition": columns["condition"]},
        index=[image_name(name) for name in columns["imagename"]],
        dtype=object,
    )
    _check_images_occur_once(path, images)
    # The index of what is not found is -1, as that of no answer is to be.
    response = pd.Index(CATEGORIES).get_indexer(columns["object_response"]).astype(np.int8)
    lines = np.arange(2, len(response) + 2)  # after the header
    return Answers(str(path), images, response, lines)


def write_answers(path, observer, images, responses):
    """Write one observer's decisions as a file of the benchmark, for `read_answers` and for model-vs-human.

    Parameters
    ----------
    path : Path
    observer : str
    images : pandas.DataFrame
        (trial,): category and condition by the name of the image. The condition `all` of nonparametric datasets is
        written as 0, as in the benchmark's files.
    responses : numpy.ndarray
        (trial,) int8: index into the categories; -1 for no answer.

    Raises
    ------
    InputError
        As for `check_images`.
    """
    check_images(path, images)
    conditions = images["condition"].replace("all", "0")
    trials = zip(as_text(responses), images["category"], conditions, images.index, strict=True)
    rows = [(observer, 1, number, "NaN", *trial) for number, trial in enumerate(trials, start=1)]
    _write(path, COLUMNS, rows)


def check_images(path, images):
    """Check that a file of the benchmark can represent images.

    Parameters
    ----------
    path, images
        As for `write_answers`.

    Raises
    ------
    InputError
        The benchmark would read the name of an image as another one, or an image belongs to none of the categories.
        The message names the image.
    """
    for name, category in images["category"].items():
        if image_name(name) != name:
            raise InputError(f"{path}: image {name!r} would be read as {image_name(name)!r}, since it contains a _")
        if category not in CATEGORIES:
            raise InputError(f"{path}: image {name!r} has category {category!r}, expected {', '.join(CATEGORIES)}")


def write_table(decisions, path):
    """Write the decisions of all observers as a tidy CSV file.

    Parameters
    ----------
    decisions : xarray.Dataset
        As `side_by_side.gather_decisions` gives it.
    path : Path
        Gets the columns observer, image, condition, true_category and response, which is `na` for no answer.
    """
    per_image = (decisions[name].values for name in ("name", "condition", "true_category"))
    images = list(zip(*per_image, strict=True))
    rows = [
        (observer, *image, response)
        for observer, responses in zip(decisions["observer"].values, decisions["response"].values, strict=True)
        for image, response in zip(images, as_text(responses), strict=True)
    ]
    _write(path, ("observer", "image", "condition", "true_category", "response"), rows)


def _write(path, header, rows):
    with atomic_write(path) as partial, partial.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(header)
        table.writerows(rows)


def _read_columns(path):
    """The columns of a file, lists of str, by their names in lower case."""
    header, *rows = _read_rows(path)
    names = [name.lower() for name in header]
    for name in COLUMNS:
        if names.count(name) != 1:
            raise InputError(f"{path}, line 1: expected one column {name!r}, found {_found(header)}")
    for line, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise InputError(f"{path}, line {line}: expected {len(header)} fields, found {len(row)}")
    if not rows:
        raise InputError(f"{path}: expected trials, found none")
    return {name: list(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}


def _read_rows(path):
    """The rows of a CSV file, the header first; each is one line."""
    expected = f"a CSV file with columns {', '.join(COLUMNS)}"
    text = read_text(path, expected)
    reader, rows = csv.reader(io.StringIO(text, newline=""), strict=True), []
    try:
        for row in reader:
            rows.append(row)
            if reader.line_num != len(rows):
                raise InputError(f"{path}, line {len(rows)}: a quoted field does not end in its line")
    except csv.Error as error:
        raise InputError(f"{path}, line {len(rows) + 1}: expected a line of CSV: {error}") from None
    while rows and not rows[-1]:
        rows.pop()  # empty lines at the end
    if not rows:
        raise InputError(f"{path}: is empty; expected {expected}")
    return rows


def _found(header):
    """What a header has instead of the columns."""
    for name, separator in (("semicolons", ";"), ("tabs", "\t")):
        if len(header) == 1 and separator in header[0]:
            return f"fields between {name}; expected commas"
    return f"columns {', '.join(header)[:200]}"


def _spelled(name):
    """A name as all files spell it: the benchmark's code writes the names of models in several ways."""
    return name.replace("_", "-").lower()


def _check_values(path, columns, name, allowed):
    """Raise InputError for the first value of a column that is not allowed."""
    if set(columns[name]) <= set(allowed):
        return
    for line, value in enumerate(columns[name], start=2):
        if value not in allowed:
            raise InputError(f"{path}, line {line}: {name} is {value!r}, expected {', '.join(allowed)}")


def _check_images_occur_once(path, images):
    """Raise InputError for the first image that occurs again."""
    first_trials = {}
    for trial, name in enumerate(images.index):
        first = first_trials.setdefault(name, trial)
        if first != trial:
            before, now = images["condition"].iloc[first], images["condition"].iloc[trial]
            how = f"twice in condition {now}" if before == now else f"in two conditions, {before} and {now}"
            raise InputError(
                f"{path}, line {trial + 2}: image {name} occurs {how} (before in line {first + 2}); expected once"
            )
