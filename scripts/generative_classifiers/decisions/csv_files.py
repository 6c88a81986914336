"""Decisions in the benchmark's CSV format -> responses of observers, side by side; and back."""

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from generative_classifiers.io.atomic import atomic_write
from generative_classifiers.io.errors import InputError
from generative_classifiers.study.benchmark_names import image_name, texture_coords
from generative_classifiers.study.categories import CATEGORIES

COLUMNS = ("subj", "session", "trial", "rt", "object_response", "category", "condition", "imagename")
REFERENCE = ("human", "simulated")  # families of the reference group
NO_ANSWER = "na"  # a time-out: an answer, and a wrong one
INDEX = pd.Index(CATEGORIES)
ABSENT = -1


class Answers(NamedTuple):
    """What one observer answered, in the order of the trials.

    Attributes
    ----------
    path : Path
        The file they are from.
    images : pandas.DataFrame
        Category and condition (str) of each trial's image, by the image's name.
    response : numpy.ndarray
        (trial,) int8, index into the categories, -1 for none.
    """

    path: Path
    images: pd.DataFrame
    response: np.ndarray


def read_answers(path, observer, kind, conditions):
    """Read one file of decisions.

    Parameters
    ----------
    path : Path
        Columns subj, session (or Session), trial, rt, object_response, category, condition, imagename.
    observer : str
        Whose file it is: the `subj` of all rows, perhaps with a suffix that tells sources apart.
    kind : str
        Of the dataset: in a nonparametric one the column `condition` means nothing.
    conditions : sequence of str
        Those that the dataset has.

    Returns
    -------
    Answers

    Raises
    ------
    InputError
        That names the file and the line: of a column that is missing, another observer, an unknown category,
        response or condition, or an image that occurs twice.
    """
    path = Path(path)
    columns = _columns(path)
    subject = columns["subj"][0]
    if observer != subject and not observer.startswith(f"{subject}-"):
        raise InputError(f"{path}, line 2: subj is {subject!r}, expected {observer}")
    _check(path, "subj", columns["subj"], [subject])
    _check(path, "category", columns["category"], CATEGORIES)
    _check(path, "object_response", columns["object_response"], (*CATEGORIES, NO_ANSWER))
    if kind == "nonparametric":
        columns["condition"] = ["all"] * len(columns["condition"])
    _check(path, "condition", columns["condition"], conditions)
    images = pd.DataFrame(
        {"category": columns["category"], "condition": columns["condition"]},
        index=[image_name(name) for name in columns["imagename"]],
        dtype=object,
    )
    _check_once(path, images)
    return Answers(path, images, INDEX.get_indexer(columns["object_response"]).astype(np.int8))


def write_answers(path, observer, images, responses):
    """Write what one observer answered, for `read_answers` and for model-vs-human.

    Parameters
    ----------
    path : Path
    observer : str
    images : pandas.DataFrame
        Category and condition by the image's name, as `images` gives it. For the condition `all` of nonparametric
        datasets the benchmark's files say 0.
    responses : numpy.ndarray
        (image,) int8, index into the categories, -1 for none.

    Raises
    ------
    InputError
        That names an image that would be read as another one, or as of no category.
    """
    for name, category in images.category.items():
        if image_name(name) != name:
            raise InputError(f"{path}: image {name!r} would be read as {image_name(name)!r}, for its name has a _")
        if category not in CATEGORIES:
            raise InputError(f"{path}: image {name!r} has category {category!r}, expected {', '.join(CATEGORIES)}")
    answers = np.array([*CATEGORIES, NO_ANSWER])[responses]
    conditions = images.condition.replace("all", "0")
    with atomic_write(path) as partial, partial.open("w", newline="") as handle:
        table = csv.writer(handle, lineterminator="\n")
        table.writerow(COLUMNS)
        seen = zip(answers, images.category, conditions, images.index, strict=True)
        table.writerows((observer, 1, trial, "NaN", *one) for trial, one in enumerate(seen, start=1))


def images(answers):
    """The images that observers saw: all of them the same, in the same condition.

    Parameters
    ----------
    answers : sequence of Answers

    Returns
    -------
    pandas.DataFrame
        Category and condition (str) by the image's name, in the order of names.

    Raises
    ------
    InputError
        That names the file and the image which one observer has otherwise than the others.
    """
    seen = pd.concat([one.images for one in answers])
    kind, kinds = pd.factorize(pd.MultiIndex.from_frame(seen))
    position, names = pd.factorize(seen.index, sort=True)
    table = np.full((len(answers), len(names)), ABSENT)
    table[np.repeat(np.arange(len(answers)), [len(one.images) for one in answers]), position] = kind
    # The median is what more than half of the observers have, so that the odd one out is the one to blame.
    usual = np.sort(table, axis=0)[len(answers) // 2]
    odd = np.argwhere(table != usual)
    if odd.size:
        observer, image = odd[0]
        expected = None if usual[image] == ABSENT else kinds[usual[image]]
        raise InputError(_odd(answers[observer], names[image], expected))
    return kinds.take(usual).to_frame(index=False, name=["category", "condition"]).set_axis(names)


def align(answers, images):
    """Responses in the order of the images.

    Parameters
    ----------
    answers : Answers
    images : pandas.DataFrame
        As `images` gives it, made with these answers among others.

    Returns
    -------
    numpy.ndarray
        (image,) int8, index into the categories, -1 for none.
    """
    return answers.response[answers.images.index.get_indexer(images.index)]


def decisions(dataset, images, responses, families):
    """Lay the responses of observers side by side.

    Parameters
    ----------
    dataset : str
    images : pandas.DataFrame
        As `images` gives it.
    responses : dict of str to numpy.ndarray
        By observer: (image,) int8, index into the categories, -1 for none.
    families : dict of str to str
        By observer; humans and simulated observers are the reference group.

    Returns
    -------
    xarray.Dataset
        `response` (observer, image); per image name, condition, true_category, and texture_category for
        cue-conflict; per observer family and is_reference; category: what the responses index.
    """
    family = np.array([families[observer] for observer in responses])
    return xr.Dataset(
        {"response": (("observer", "image"), np.stack(list(responses.values())))},
        coords={
            "observer": np.array(list(responses)),
            "family": ("observer", family),
            "is_reference": ("observer", np.isin(family, REFERENCE)),
            "name": ("image", images.index.to_numpy(str)),
            "condition": ("image", images.condition.to_numpy(str)),
            "true_category": ("image", images.category.to_numpy(str)),
            "category": np.array(CATEGORIES),
            **texture_coords(dataset, images.index),
        },
        attrs={"dataset": dataset},
    )


def _columns(path):
    """The columns of a file, lists of str, by name in lower case."""
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            header, *rows = csv.reader(handle, strict=True)
    except (ValueError, csv.Error) as error:
        raise InputError(f"{path}: expected a CSV file with columns {', '.join(COLUMNS)}: {error}") from None
    names = [name.lower() for name in header]
    wrong = [name for name in COLUMNS if names.count(name) != 1]
    if wrong:
        raise InputError(f"{path}, line 1: expected one column {wrong[0]!r}, found columns {', '.join(header)}")
    for line, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise InputError(f"{path}, line {line}: expected {len(header)} fields, found {len(row)}")
    if not rows:
        raise InputError(f"{path}: expected trials, found none")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def _check(path, column, values, allowed):
    """Complain of the first value that is not among those allowed."""
    wrong = set(values).difference(allowed)
    if wrong:
        line, value = next((i, v) for i, v in enumerate(values, start=2) if v in wrong)
        raise InputError(f"{path}, line {line}: {column} is {value!r}, expected {', '.join(allowed)}")


def _check_once(path, images):
    """Complain of the first image that comes again."""
    again = images.index.duplicated()
    if again.any():
        trial = int(again.argmax())
        first = images.index.get_indexer_for([images.index[trial]])[0]
        here, there = (images.condition.iloc[i] for i in (trial, first))
        what = f"in two conditions, {there} and {here}" if here != there else f"twice in condition {here}"
        raise InputError(
            f"{path}, line {trial + 2}: image {images.index[trial]} occurs {what} "
            f"(before in line {first + 2}); expected once"
        )


def _odd(answers, image, expected):
    """What is wrong with an image that one observer has otherwise than the others.

    `expected` is their category and condition, or None where they have no such image.
    """
    if image not in answers.images.index:
        return f"{answers.path}: image {image} is missing; expected it as {', '.join(expected)}"
    trial = answers.images.index.get_loc(image)
    where = f"{answers.path}, line {trial + 2}: image {image}"
    if expected is None:
        return f"{where} is unexpected: other observers did not see it"
    found = answers.images.iloc[trial]
    return f"{where} is {', '.join(found)}; with other observers it is {', '.join(expected)}"
