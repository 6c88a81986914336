"""Shape bias on cue conflicts: images with the shape of one category and the texture of another.

Geirhos et al. 2019, arXiv 1811.12231.
"""

from typing import NamedTuple

import numpy as np
import xarray as xr

from generative_classifiers.errors import InputError
from generative_classifiers.metrics.arithmetic import ratio
from generative_classifiers.metrics.cells import index_of
from generative_classifiers.metrics.groups import as_observer, concatenate


class Cues(NamedTuple):
    """Answers by the shape's category, each int64 of shape (observer, category).

    `n` counts all images of the category, those without a conflict and without an answer included.
    """

    shape: np.ndarray
    texture: np.ndarray
    n: np.ndarray


def count_cues(response, shape, texture, categories):
    """Count the answers that follow the shape and those that follow the texture.

    Parameters
    ----------
    response : numpy.ndarray of int, shape (observer, image)
        Category index, -1 for no answer, which is neither shape nor texture.
    shape, texture : numpy.ndarray of int, shape (image,)
        Category index of either cue. Where they agree there is no conflict, and no answer counts.
    categories : int
        How many categories there are.

    Returns
    -------
    Cues
    """
    of_category = shape[:, None] == np.arange(categories)
    conflict = (of_category & (shape != texture)[:, None]).astype(int)
    n = np.broadcast_to(of_category.sum(axis=0), (len(response), categories))
    return Cues((response == shape) @ conflict, (response == texture) @ conflict, n)


def shape_bias(decisions, reference):
    """Shape bias of every observer, of the reference group's pooled trials, and the mean over its subjects.

    Parameters
    ----------
    decisions : xarray.Dataset
        Decisions on cue conflicts.
    reference : str
        Name of the reference group: its pooled trials get this name, the mean over its subjects
        `<reference>-mean`.

    Returns
    -------
    xarray.Dataset
        Dimensions observer, category: `shape`, `texture` (counts) of `n` images, and `shape_bias`, which is
        shape / (shape + texture); `overall_shape_bias` (observer). NaN where no answer was shape or texture;
        the mean is over the subjects that have a shape bias.

    Raises
    ------
    InputError
        When the images have no texture category.
    """
    if "texture_category" not in decisions.coords:
        raise InputError(f"{decisions.attrs['dataset']}: no texture_category; shape bias needs cue conflicts")
    counts = _counts(decisions)
    subjects = counts.isel(observer=counts["is_reference"].values)
    pooled = as_observer(_with_bias(subjects.sum("observer")), reference, subjects)
    mean = as_observer(_with_bias(subjects).mean("observer"), f"{reference}-mean", subjects)
    return concatenate([_with_bias(counts), pooled, mean])


def _counts(decisions):
    shape = index_of(decisions["true_category"], decisions, "category")
    texture = index_of(decisions["texture_category"], decisions, "texture category")
    cues = count_cues(decisions["response"].values, shape, texture, decisions.sizes["category"])
    counts = {name: (("observer", "category"), values) for name, values in cues._asdict().items()}
    coords = decisions[["observer", "category", "family", "is_reference"]].coords
    # Not integers, since a mean over subjects has the same columns.
    return xr.Dataset(counts, coords).astype(float)


def _with_bias(counts):
    total = counts[["shape", "texture"]].sum("category")
    return counts.assign(shape_bias=_bias(counts), overall_shape_bias=_bias(total))


def _bias(counts):
    return xr.apply_ufunc(ratio, counts["shape"], counts["shape"] + counts["texture"])
