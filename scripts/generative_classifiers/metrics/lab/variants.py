"""Variants of an observer, measured as observers of their own next to the reference group."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from generative_classifiers.decisions.from_evidence import PER_IMAGE
from generative_classifiers.decisions.same_losses import Losses
from generative_classifiers.io.errors import InputError
from generative_classifiers.metrics.conditions import compare
from generative_classifiers.metrics.resampling import BOUND, interval
from generative_classifiers.metrics.shape_bias import resampled_bias
from generative_classifiers.study.categories import CATEGORIES

MEASURES = ("shape_bias", "accuracy", "error_consistency")
CUE_CONFLICT = "cue-conflict"


def next_to_reference(decisions: xr.Dataset, evidence: xr.Dataset, response: np.ndarray, names) -> xr.Dataset:
    """Decisions of the reference group's members and of the variants of one observer.

    Parameters
    ----------
    decisions : xarray.Dataset
        The study's, of all observers on the dataset of the evidence.
    evidence : xarray.Dataset
        It has the names of the images of `response`, and the family.
    response : numpy.ndarray
        int (variant, image): index into the 16 categories.
    names : sequence of str
        (variant,)

    Raises
    ------
    InputError
        The evidence lacks an image.
    """
    place = pd.Index(evidence["name"].values.astype(str)).get_indexer(decisions["name"].values.astype(str))
    if (place < 0).any():
        image = decisions["name"].values[place < 0][0]
        raise InputError(f"{evidence.attrs['observer']} on {evidence.attrs['dataset']}: no evidence of image {image}")
    members = decisions.isel(observer=decisions["is_reference"].values)
    subjects = members["observer"].values.tolist()
    families = [*members["family"].values.tolist(), *[evidence.attrs["family"]] * len(response)]
    shared = {name: members[name] for name in (*PER_IMAGE, "category") if name in members.coords}
    return xr.Dataset(
        {"response": (("observer", "image"), np.concatenate([members["response"].values, response[:, place]]))},
        {
            "observer": [*subjects, *map(str, names)],
            "family": ("observer", families),
            "is_reference": ("observer", np.arange(len(families)) < len(subjects)),
            **shared,
        },
        decisions.attrs,
    )


def of_dataset(losses: Losses, dataset: str = CUE_CONFLICT) -> dict[str, xr.Dataset]:
    """Evidence on one dataset, by observer."""
    return {observer: by_dataset[dataset] for observer, by_dataset in losses.items()}


def follows_cues(evidence: xr.Dataset, response: np.ndarray) -> np.ndarray:
    """Whether decisions follow the shape, and whether they follow the texture, on images where the two differ.

    Parameters
    ----------
    evidence : xarray.Dataset
        On cue conflicts.
    response : numpy.ndarray
        int (variant, image): index into the 16 categories.

    Returns
    -------
    numpy.ndarray
        float32 (cue, variant, image): 1 or 0, for the cues shape and texture.
    """
    shape, texture = (
        np.array([CATEGORIES.index(name) for name in evidence[cue].values.tolist()])
        for cue in ("true_category", "texture_category")
    )
    follows = np.stack([response == shape, response == texture])
    return follows[..., shape != texture].astype(np.float32)


def measure(decisions: xr.Dataset, reference: str) -> xr.Dataset:
    """Shape bias, accuracy and error consistency on resampled images of one dataset, the same for all observers.

    Parameters
    ----------
    decisions : xarray.Dataset
        On cue conflicts.
    reference : str
        Name of the reference group.

    Returns
    -------
    xarray.Dataset
        Dimensions resample, observer: `MEASURES`. The first resample is the images themselves; the first observer is
        the reference group.
    """
    compared = compare([decisions], reference=reference).isel(cell=0, drop=True)
    values = compared[["accuracy", "error_consistency"]].assign(shape_bias=resampled_bias(decisions, reference))
    return values[list(MEASURES)].drop_vars(["family", "is_reference"])


def of_reference(values: xr.Dataset, dim: str, variant) -> xr.Dataset:
    """The first row of `measure` with a dimension of variants, on which the reference group has a single place."""
    return values.isel(observer=[0]).rename(observer=dim).assign_coords({dim: [variant]})


def of_variants(values: xr.Dataset, dim: str, variants) -> xr.Dataset:
    """The other rows of `measure` with a dimension of variants."""
    return values.isel(observer=slice(1, None)).rename(observer=dim).assign_coords({dim: variants})


def side_by_side(
    parts: Mapping[str, xr.Dataset], families: Mapping[str, str], reference: str | None = None
) -> xr.Dataset:
    """Results of several observers in one dataset; NaN where one lacks a variant that another one has.

    Parameters
    ----------
    parts : dict of str to xarray.Dataset
        By observer.
    families : dict of str to str
    reference : str, optional
        Which of them is the reference group.
    """
    joined = xr.concat(parts.values(), dim="observer", join="outer", coords="different", compat="equals")
    names = list(parts)
    return joined.assign_coords(
        observer=names,
        family=("observer", [families[name] for name in names]),
        is_reference=("observer", [name == reference for name in names]),
    ).assign_attrs({"reference": reference} if reference else {})


def difference(name: str, values: xr.DataArray) -> dict[str, xr.DataArray]:
    """A difference between measures and its interval, as variables.

    Parameters
    ----------
    name : str
    values : xarray.DataArray
        With dimension resample.
    """
    dims = [dim for dim in values.dims if dim != "resample"]
    bounds = interval(values.transpose("resample", *dims).values, lowest=-1.0)
    estimate = values.isel(resample=0, drop=True)
    return {name: estimate, f"{name}_interval": estimate.expand_dims(BOUND, -1).copy(data=bounds)}
