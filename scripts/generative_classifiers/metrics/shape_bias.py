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
from generative_classifiers.metrics.resampling import HALF, SEED, image_counts, with_intervals

BIASES = ["shape_bias", "overall_shape_bias"]


class Cues(NamedTuple):
    """Numbers of answers by the shape's category, each of shape (observer, category).

    `n` counts all images of the category, including those without a conflict and those without an answer.
    """

    shape: np.ndarray
    texture: np.ndarray
    n: np.ndarray


def count_cues(response, shape, texture, categories):
    """Count the answers that follow the shape and those that follow the texture.

    Parameters
    ----------
    response : numpy.ndarray of int, shape (observer, image)
        Category index. -1 is no answer; it counts neither as shape nor as texture.
    shape, texture : numpy.ndarray of int, shape (image,)
        Category index of either cue. Where they agree there is no conflict, and no answer counts.
    categories : int
        The number of categories.

    Returns
    -------
    Cues

    Examples
    --------
    Three cue conflicts with the shape of category 0 and the texture of category 1:

    >>> shape, texture, n = count_cues(np.array([[0, 1, 0]]), np.array([0, 0, 0]), np.array([1, 1, 1]), 2)
    >>> shape[0, 0], texture[0, 0], n[0, 0]
    (np.int64(2), np.int64(1), np.int64(3))
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
        As for `count_cues`.
    dataset : str
        The seed.

    Returns
    -------
    Cues
        Each of shape (resample, observer, category). The first resample is the images themselves.
    """
    counts, n = image_counts(len(shape), 0, dataset, "all"), (shape[:, None] == np.arange(categories)).sum(axis=0)
    of_category = [shape == category for category in range(categories)]

    def count(cue):
        follows = ((response == cue) & (shape != texture)).astype(np.float32)
        by_category = [counts[:, images] @ follows[:, images].T for images in of_category]
        return np.moveaxis(np.array(by_category, float), 0, -1)

    return Cues(count(shape), count(texture), n)


def shape_bias(decisions: xr.Dataset, reference: str = "humans") -> xr.Dataset:
    """Shape bias of every observer, of the reference group's pooled trials, and its mean over the group's subjects.

    Parameters
    ----------
    decisions : xarray.Dataset
        Decisions on cue conflicts.
    reference : str, optional
        Name of the reference group. The row of its pooled trials has this name, the mean over its subjects
        `<reference>-mean`.

    Returns
    -------
    xarray.Dataset
        Dimensions observer, category: `shape` and `texture`, the numbers of answers on `n` images, and `shape_bias`,
        which is shape / (shape + texture). Dimension observer: `overall_shape_bias`. NaN where no answer was shape or
        texture; the mean is over the subjects that have a shape bias. Of both shape biases, with the additional
        dimension bound, `<bias>_interval` by resampling images and `<bias>_wilson`; the latter is NaN for the mean.

    Raises
    ------
    InputError
        When the images have no texture category.
    """
    cues = _cues_of(decisions)
    response, dims = decisions["response"].values, ("observer", "category")
    rows = concatenate(_rows(_labelled(decisions, count_cues(response, *cues), dims), reference))
    resampled = resampled_cues(response, *cues, decisions.attrs["dataset"])
    *each, mean = _rows(_labelled(decisions, resampled, ("resample", *dims)), reference)
    bounds = [*(with_intervals(one[BIASES]) for one in each), with_intervals(mean[BIASES], centred=BIASES)]
    return rows.assign(concatenate(bounds).drop_vars(BIASES).data_vars).assign(_wilson(rows))


def resampled_bias(decisions: xr.Dataset, reference: str = "humans") -> xr.DataArray:
    """Overall shape bias on resampled images, the same for all observers, of the reference group and of every model.

    Parameters
    ----------
    decisions, reference
        As for `shape_bias`.

    Returns
    -------
    xarray.DataArray
        Dimensions resample, observer. The first resample is the images themselves; the first observer is the pooled
        trials of the reference group.

    Raises
    ------
    InputError
        As of `shape_bias`.
    """
    shape, texture, categories = _cues_of(decisions)
    cues = resampled_cues(decisions["response"].values, shape, texture, categories, decisions.attrs["dataset"])
    each, pooled, _ = _rows(_labelled(decisions, cues, ("resample", "observer", "category")), reference)
    models = each.isel(observer=~each["is_reference"].values)
    return concatenate([pooled, models])["overall_shape_bias"].transpose("resample", "observer")


def _cues_of(decisions) -> tuple[np.ndarray, np.ndarray, int]:
    """Category indices of the shape and of the texture of all images, and the number of categories."""
    if "texture_category" not in decisions.coords:
        raise InputError(f"{decisions.attrs['dataset']}: no texture_category; shape bias needs cue conflicts")
    texture = index_of(decisions["texture_category"], decisions, "texture category")
    return index_of(decisions["true_category"], decisions, "category"), texture, decisions.sizes["category"]


def _labelled(decisions, cues, dims):
    coords = decisions[["observer", "category", "family", "is_reference"]].coords
    counts = {name: (dims[-values.ndim :], values) for name, values in cues._asdict().items()}
    # Floats, because the row of means has the same columns.
    return xr.Dataset(counts, coords).astype(float)


def _rows(counts, reference):
    """Counts and shape biases of all observers, of the group's pooled trials, and the mean over its subjects."""
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
    """Virtual answers of one kind in the resamples, on average half an answer: see `resampling`."""
    extra = generator("bootstrap", SEED, "virtual", counts.name).poisson(HALF, counts.shape)
    return counts.copy(data=extra) * (counts["resample"] > 0)


def _wilson(rows):
    """Wilson's intervals, except for the last row, whose counts are means."""
    counted = rows[["shape", "texture"]].where(rows["observer"] != rows["observer"][-1])
    found = {}
    for name, counts in {"shape_bias": counted, "overall_shape_bias": counted.sum("category")}.items():
        bounds = wilson(counts["shape"], counts["shape"] + counts["texture"])
        found[f"{name}_wilson"] = ((*counts["shape"].dims, "bound"), bounds)
    return found
