"""Shape bias on cue conflicts: images with the shape of one category and the texture of another.

Geirhos et al. 2019, arXiv 1811.12231.
"""

from typing import NamedTuple

import numpy as np
import xarray as xr

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.random_numbers import generator
from generative_classifiers.metrics.arithmetic import ratio
from generative_classifiers.metrics.cells import index_of
from generative_classifiers.metrics.groups import as_observer, concatenate
from generative_classifiers.metrics.proportions import wilson
from generative_classifiers.metrics.resampling import HALF, SEED, draw, with_intervals

BIASES = ["shape_bias", "overall_shape_bias"]


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


def resampled_cues(response, shape, texture, categories, dataset):
    """Count the answers on resampled images, the same for all observers.

    Parameters
    ----------
    response, shape, texture, categories
        As `count_cues` takes them.
    dataset : str
        The seed.

    Returns
    -------
    Cues
        Each of shape (resample, observer, category); the first resample is the images themselves.
    """
    counts, n = draw(len(shape), 0, dataset, "all"), (shape[:, None] == np.arange(categories)).sum(axis=0)
    hits = [((response == cue) & (shape != texture)).astype(np.float32) for cue in (shape, texture)]
    of_category = [shape == category for category in range(categories)]
    found = [[counts[:, some] @ hit[:, some].T for some in of_category] for hit in hits]
    return Cues(*np.moveaxis(np.array(found, float), 1, -1), n)


def shape_bias(decisions: xr.Dataset, reference: str = "humans") -> xr.Dataset:
    """Shape bias of every observer, of the reference group's pooled trials, and the mean over its subjects.

    Parameters
    ----------
    decisions : xarray.Dataset
        Decisions on cue conflicts.
    reference : str, optional
        Name of the reference group: its pooled trials get this name, the mean over its subjects
        `<reference>-mean`.

    Returns
    -------
    xarray.Dataset
        Dimensions observer, category: `shape`, `texture` (counts) of `n` images, and `shape_bias`, which is
        shape / (shape + texture); `overall_shape_bias` (observer). NaN where no answer was shape or texture;
        the mean is over the subjects that have a shape bias. With the dimension bound, of both shape biases
        `<bias>_interval` by resampling images, and `<bias>_wilson`, which no mean has.

    Raises
    ------
    InputError
        When the images have no texture category.
    """
    if "texture_category" not in decisions.coords:
        raise InputError(f"{decisions.attrs['dataset']}: no texture_category; shape bias needs cue conflicts")
    texture = index_of(decisions["texture_category"], decisions, "texture category")
    cues = index_of(decisions["true_category"], decisions, "category"), texture, decisions.sizes["category"]
    response, dims = decisions["response"].values, ("observer", "category")
    rows = concatenate(_rows(_labelled(decisions, count_cues(response, *cues), dims), reference))
    resampled = resampled_cues(response, *cues, decisions.attrs["dataset"])
    *each, mean = _rows(_labelled(decisions, resampled, ("resample", *dims)), reference)
    bounds = [*(with_intervals(one[BIASES]) for one in each), with_intervals(mean[BIASES], centred=BIASES)]
    return rows.assign(concatenate(bounds).drop_vars(BIASES).data_vars).assign(_wilson(rows))


def _labelled(decisions, cues, dims):
    coords = decisions[["observer", "category", "family", "is_reference"]].coords
    counts = {name: (dims[-values.ndim :], values) for name, values in cues._asdict().items()}
    # Not integers, since a mean over subjects has the same columns.
    return xr.Dataset(counts, coords).astype(float)


def _rows(counts, reference):
    """Of all observers, of the group's pooled trials, and the mean over its subjects."""
    subjects = counts.isel(observer=counts["is_reference"].values)
    pooled = as_observer(_with_bias(subjects.sum("observer")), reference, subjects)
    mean = as_observer(_with_bias(subjects).mean("observer"), f"{reference}-mean", subjects)
    return _with_bias(counts), pooled, mean


def _with_bias(counts):
    total = counts[["shape", "texture"]].sum("category")
    return counts.assign(shape_bias=_bias(counts), overall_shape_bias=_bias(total))


def _bias(counts):
    shape, texture = counts["shape"], counts["texture"]
    if "resample" not in counts.dims:
        return xr.apply_ufunc(ratio, shape, shape + texture)
    defined = (shape + texture).isel(resample=0) > 0
    shape, texture = shape + _virtual(shape), texture + _virtual(texture)
    return xr.apply_ufunc(ratio, shape, shape + texture).where(defined)


def _virtual(counts):
    """Virtual answers of one kind in the resamples, on average half of one: see `resampling`."""
    extra = generator("bootstrap", SEED, "virtual", counts.name).poisson(HALF, counts.shape)
    return counts.copy(data=extra) * (counts["resample"] > 0)


def _wilson(rows):
    """Wilson's intervals; none of the last row, whose counts are means."""
    counted = rows[["shape", "texture"]].where(rows["observer"] != rows["observer"][-1])
    found = {}
    for name, counts in {"shape_bias": counted, "overall_shape_bias": counted.sum("category")}.items():
        bounds = wilson(counts["shape"], counts["shape"] + counts["texture"])
        found[f"{name}_wilson"] = ((*counts["shape"].dims, "bound"), bounds)
    return found
