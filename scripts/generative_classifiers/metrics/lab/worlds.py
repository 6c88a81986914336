"""S9: in which worlds does diffusion go by shape?"""

from collections.abc import Sequence

import xarray as xr

from generative_classifiers.io.errors import InputError
from generative_classifiers.metrics.lab.conditions import by_condition
from generative_classifiers.metrics.lab.variants import difference
from generative_classifiers.metrics.resampling import with_intervals
from generative_classifiers.metrics.shape_bias import resampled_bias
from generative_classifiers.study.lab_conditions import texture_of


def worlds(decisions: xr.Dataset, compared: Sequence[str], reference: str = "humans") -> xr.Dataset:
    """Shape bias of every observer in worlds whose textures have other contrasts and periods.

    Parameters
    ----------
    decisions : xarray.Dataset
        On cue-conflict-textures.
    compared : sequence of str
        Two observers.
    reference : str, optional
        Name of the reference group, whose trials are pooled.

    Returns
    -------
    xarray.Dataset
        Dimensions observer, world: `shape_bias`. Dimension world: `difference`, the shape bias of the first of the
        compared observers minus that of the second; per world `contrast` and `period` of the texture. Both with
        intervals.

    Raises
    ------
    InputError
        One of the compared observers has no decisions, or a condition names no world.
    """
    parts = by_condition(decisions)
    textures = {condition: texture_of(condition) for condition in parts}
    order = sorted(parts, key=lambda condition: textures[condition][::-1])
    biases = xr.concat([resampled_bias(parts[condition], reference) for condition in order], "world")
    _check_compared(compared, biases["observer"].values.tolist(), decisions.attrs["dataset"])
    first, second = (biases.sel(observer=name, drop=True) for name in compared)
    found = with_intervals(biases.transpose(..., "observer", "world").rename("shape_bias").to_dataset())
    return (
        found.assign(difference("difference", (first - second).drop_vars(["family", "is_reference"], errors="ignore")))
        .assign_coords(
            world=order,
            contrast=("world", [textures[condition].contrast for condition in order]),
            period=("world", [textures[condition].period for condition in order]),
        )
        .assign_attrs(first=compared[0], second=compared[1], reference=reference)
    )


def _check_compared(compared, observers, dataset):
    for name in compared:
        if name not in observers:
            raise InputError(f"{dataset}: no decisions of {name}, which compared names; found {', '.join(observers)}")
