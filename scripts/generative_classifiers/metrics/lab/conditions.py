"""Decisions on the lab's own datasets, condition by condition. All conditions show the same scenes."""

import re

import numpy as np
import xarray as xr


def by_condition(decisions: xr.Dataset) -> dict[str, xr.Dataset]:
    """Decisions under each condition.

    Where conditions show the same scenes, their images have the same order, so that equal resamples of images are equal
    resamples of scenes: a difference between conditions then varies less than between other images.

    Parameters
    ----------
    decisions : xarray.Dataset

    Returns
    -------
    dict of str to xarray.Dataset
        By condition, with the images sorted by their names, and by the numbers in these.
    """
    names = [_natural(name) for name in decisions["name"].values.tolist()]
    decisions = decisions.isel(image=sorted(range(len(names)), key=names.__getitem__))
    condition = decisions["condition"].values
    return {str(one): decisions.isel(image=condition == one) for one in np.unique(condition)}


def _natural(name):
    """A key that sorts cat9 before cat10."""
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", name)]
