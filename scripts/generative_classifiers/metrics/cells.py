"""Cells, and which images each observer has right. A cell is one dataset under one condition."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from generative_classifiers.io.errors import InputError


class Cell(NamedTuple):
    """One dataset under one condition. The benchmark leaves some conditions out."""

    dataset: str
    condition: str
    in_benchmark: bool


class Correctness(NamedTuple):
    """Right and wrong answers of all observers, cell by cell.

    Attributes
    ----------
    coords : dict
        Coordinates of the dimensions observer (with family, is_reference) and cell (dataset, condition, in_benchmark),
        for `xarray.Dataset`.
    answers : list of numpy.ndarray
        One per cell, float64 (observer, image): 1 right, 0 wrong, NaN for observers that did not see the dataset.
    """

    coords: dict
    answers: list


def list_cells(conditions: Mapping[str, Sequence[str]], excluded: Mapping[str, Sequence[str]]) -> list[Cell]:
    """The cells of a study, in the order of its datasets and of their conditions.

    Parameters
    ----------
    conditions : dict of str to list of str
        All conditions of every dataset, in order.
    excluded : dict of str to list of str
        The conditions that the benchmark leaves out. Datasets without any may be missing.

    Returns
    -------
    list of Cell

    Raises
    ------
    InputError
        When a dataset does not have one of its excluded conditions.

    Examples
    --------
    >>> list_cells({"colour": ["cr", "bw"]}, {"colour": ["cr"]})[0]
    Cell(dataset='colour', condition='cr', in_benchmark=False)
    """
    for dataset, names in excluded.items():
        known = conditions.get(dataset, [])
        for name in names:
            if name not in known:
                raise InputError(f"{dataset}: excluded condition {name!r} is unknown, expected one of {known}")
    return [
        Cell(dataset, condition, condition not in excluded.get(dataset, []))
        for dataset, names in conditions.items()
        for condition in names
    ]


def cells_of(decisions: Sequence[xr.Dataset], excluded: Mapping[str, Sequence[str]] | None = None) -> list[Cell]:
    """Cells of decisions: every condition that occurs.

    Parameters
    ----------
    decisions : list of xarray.Dataset
        One per dataset.
    excluded : dict of str to list of str, optional
        As in `list_cells`; by default the benchmark leaves nothing out.

    Returns
    -------
    list of Cell
        In the order of the datasets and of the first image of each condition.
    """
    conditions = {one.attrs["dataset"]: list(dict.fromkeys(one["condition"].values.tolist())) for one in decisions}
    return list_cells(conditions, excluded or {})


def index_of(names, decisions, what):
    """Positions of category names in the coordinate `category`.

    Parameters
    ----------
    names : xarray.DataArray
        Category names, dimension image.
    decisions : xarray.Dataset
    what : str
        What the names are, for the error.

    Returns
    -------
    numpy.ndarray of int, shape (image,)

    Raises
    ------
    InputError
        When a name is not a category. Its index of -1 would equal a missing answer.
    """
    index = decisions.indexes["category"].get_indexer(names.values)
    _check_known(decisions, index >= 0, what, names, list(decisions.indexes["category"]))
    return index


def correctness(decisions, cells):
    """Compare every response with the image's category.

    Parameters
    ----------
    decisions : list of xarray.Dataset
        One per dataset of the cells, in any order. A response of -1 (no answer) is a wrong answer.
    cells : list of Cell

    Returns
    -------
    Correctness
        The observers are those of all datasets, in order of first appearance.

    Raises
    ------
    InputError
        When the datasets are not those of the cells, an image's condition is in no cell, an excluded condition has no
        image, or an observer's family differs between datasets.
    """
    by_name = {dataset.attrs["dataset"]: dataset for dataset in decisions}
    expected = list(dict.fromkeys(cell.dataset for cell in cells))
    if sorted(dataset.attrs["dataset"] for dataset in decisions) != sorted(expected):
        raise InputError(f"decisions of {list(by_name)}: expected each of {expected} once")
    for name, dataset in by_name.items():
        _check_conditions(dataset, [cell for cell in cells if cell.dataset == name])
    observers = _observers(by_name.values())
    # Rows of NaN stand for observers that did not see a dataset, so that all cells have the same observers.
    answers = {name: _answers(dataset).reindex(observer=observers.index) for name, dataset in by_name.items()}
    coords = {"observer": observers.index.values}
    coords |= {column: ("observer", observers[column].values) for column in observers}
    coords |= {field: ("cell", [getattr(cell, field) for cell in cells]) for field in Cell._fields}
    return Correctness(coords, [_answers_in(cell, answers[cell.dataset]) for cell in cells])


def stack(parts, dims, coords):
    """Put the results of single cells side by side.

    Parameters
    ----------
    parts : list of NamedTuple of numpy.ndarray
        One per cell. The fields become the variables.
    dims : tuple of str
        Dimensions of the fields. A field may have one more, bound.
    coords : dict

    Returns
    -------
    xarray.Dataset
        With the dimensions `dims`, cell and, where a field has it, bound.
    """
    columns = zip(parts[0]._fields, zip(*parts, strict=True), strict=True)
    stacked = {name: np.stack(values, axis=len(dims)) for name, values in columns}
    dims = (*dims, "cell", "bound")
    return xr.Dataset({name: (dims[: values.ndim], values) for name, values in stacked.items()}, coords)


def _answers(decisions):
    """Which responses are right, with the images' conditions."""
    truth = index_of(decisions["true_category"], decisions, "category")
    return (decisions["response"] == truth).astype(float)


def _answers_in(cell, answers):
    """The answers on a cell's images: (observer, image)."""
    return answers.values[:, answers["condition"].values == cell.condition]


def _check_conditions(decisions, cells):
    present, known = decisions["condition"], [cell.condition for cell in cells]
    _check_known(decisions, np.isin(present, known), "condition", present, known)
    for cell in cells:
        if present.size and not cell.in_benchmark and cell.condition not in present.values:
            raise InputError(f"{cell.dataset}: no image has the excluded condition {cell.condition!r}")


def _check_known(decisions, known, what, values, expected):
    """Raise an error that names the first image whose value is unknown."""
    if not known.all():
        image = np.argmin(known)
        name, value = str(decisions["name"].values[image]), str(values.values[image])
        where = f"{decisions.attrs['dataset']}, image {name}"
        raise InputError(f"{where}: {what} {value!r} is unknown, expected one of {expected}")


def _observers(decisions):
    """Family and is_reference of all observers, in order of first appearance."""
    columns = ["family", "is_reference"]
    tables = (pd.DataFrame({c: d[c].values for c in columns}, d.indexes["observer"]) for d in decisions)
    rows = pd.concat(tables)
    observers = rows[~rows.index.duplicated()]
    differs = (rows != observers.loc[rows.index]).any(axis=1)
    if differs.any():
        raise InputError(f"observer {differs.idxmax()}: expected the same {columns} in all datasets")
    return observers
