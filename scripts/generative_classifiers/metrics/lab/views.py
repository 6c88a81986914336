"""S5: is it the low-pass?"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from generative_classifiers.metrics.arithmetic import ratio
from generative_classifiers.metrics.benchmark import averages
from generative_classifiers.metrics.cells import Cell
from generative_classifiers.metrics.conditions import compare
from generative_classifiers.metrics.lab.variants import CUE_CONFLICT
from generative_classifiers.metrics.resampling import BOUND, LOWEST, interval
from generative_classifiers.metrics.shape_bias import resampled_bias
from generative_classifiers.study.families import FAMILIES
from generative_classifiers.study.views import View, base_of, has_view, with_view

MEASURES = ("shape_bias", "ood_accuracy", "error_consistency")
CENTRED = ("ood_accuracy", "error_consistency")  # averages: see `resampling`
NONE = "none"


def views(
    decisions: Sequence[xr.Dataset],
    seen_through: Mapping[str, View],
    cells: Sequence[Cell] | None = None,
    reference: str = "humans",
    with_noise: Collection[str] = (),
) -> xr.Dataset:
    """Shape bias, OOD accuracy and error consistency of every observer through every view.

    Parameters
    ----------
    decisions : list of xarray.Dataset
        One per dataset, among them cue-conflict.
    seen_through : dict of str to View
        The study's views.
    cells : list of Cell, optional
        By default as `metrics.cells.cells_of` gives them.
    reference : str, optional
        Name of the reference group, the first observer.
    with_noise : collection of str, optional
        Networks that were trained with noise, which no advantage refers to.

    Returns
    -------
    xarray.Dataset
        Dimensions measure, observer, view. `value`; `change`, the value minus that of the unchanged images; of a
        model `gap`, the reference group's value minus its own, and `closed`, 1 - gap / gap on the unchanged images;
        and of a generative model `advantage`, its value minus the mean of the discriminative networks through the same
        view. All with intervals. The reference group has only the unchanged images: the view "none" or, if
        the study has one that changes nothing, that one. Of each view `low_pass` and `resize`, NaN if it has none.
    """
    unchanged = next((name for name, view in seen_through.items() if not view.changes), NONE)
    values = _by_view(_values(decisions, cells, reference), unchanged)
    gap = _gap(values, reference, unchanged)
    parts = {
        "value": values,
        "change": values - values.sel(view=unchanged),
        "gap": gap,
        "closed": xr.apply_ufunc(_share_closed, gap, gap.sel(view=unchanged)),
        "advantage": _advantage(values, with_noise),
    }
    found = xr.merge([_with_intervals(name, one) for name, one in parts.items()], join="exact", compat="override")
    places = [seen_through.get(name, View(low_pass=0)) for name in found["view"].values]
    sizes = {key: ("view", [_number(getattr(view, key)) for view in places]) for key in ("low_pass", "resize")}
    is_reference = {"is_reference": ("observer", found["observer"].values == reference)}
    return found.assign_coords(sizes | is_reference).assign_attrs(reference=reference, unchanged=unchanged)


def _values(decisions, cells, reference):
    """The measures on resampled images, (measure, resample, observer)."""
    measures, _ = averages(compare(decisions, cells, reference))
    (conflicts,) = (one for one in decisions if one.attrs["dataset"] == CUE_CONFLICT)
    measures = measures[list(CENTRED)].assign(shape_bias=resampled_bias(conflicts, reference))
    return measures[list(MEASURES)].to_array("measure")


def _by_view(values, unchanged):
    """Values (measure, resample, observer, view). An observer through a view that changes nothing stands for itself."""
    names = values["observer"].values.tolist()
    kept = [name for name in names if has_view(name) or with_view(name, unchanged) not in names]
    values = values.sel(observer=kept)
    pairs = pd.MultiIndex.from_tuples([_place(name, unchanged) for name in kept], names=["model", "view"])
    family = dict(zip(pairs.get_level_values("model"), values["family"].values.tolist(), strict=True))
    plain = values.drop_vars(["family", "is_reference"], errors="ignore").drop_vars("observer")
    found = plain.assign_coords(xr.Coordinates.from_pandas_multiindex(pairs, "observer")).unstack("observer")
    in_order = list(dict.fromkeys(pairs.get_level_values("view")))
    found = found.rename(model="observer").sel(observer=list(family), view=in_order)
    return found.assign_coords(family=("observer", list(family.values())))


def _place(name, unchanged):
    return base_of(name), name.removeprefix(base_of(name))[1:] or unchanged


def _gap(values, reference, unchanged):
    """How far models are below the reference group, who see the unchanged images."""
    gap = values.sel(observer=reference, view=unchanged, drop=True) - values
    return gap.where(gap["observer"] != reference)


def _share_closed(gap, gap_unchanged):
    return 1 - ratio(gap, gap_unchanged)


def _advantage(values, with_noise):
    """How far generative models are above the mean of the discriminative networks."""
    families = values["family"].values
    networks = (families == "discriminative") & ~np.isin(values["observer"].values, list(with_noise))
    generative = xr.DataArray([FAMILIES[family].group == "generative" for family in families], dims="observer")
    return (values - values.isel(observer=networks).mean("observer")).where(generative)


def _with_intervals(name, values):
    """Estimates and intervals of values (measure, resample, observer, view)."""
    is_value = name == "value"
    bounds = [
        interval(
            one.transpose("resample", ...).values,
            lowest=LOWEST.get(measure, 0.0) if is_value else -np.inf,
            highest=1.0 if is_value else np.inf,
            centred=measure in CENTRED and name != "closed",
        )
        for measure, one in zip(MEASURES, values.transpose("measure", "resample", "observer", "view"), strict=True)
    ]
    estimate = values.isel(resample=0, drop=True).transpose("measure", "observer", "view").rename(name)
    intervals = estimate.expand_dims(BOUND, -1).copy(data=np.stack(bounds)).rename(f"{name}_interval")
    return xr.merge([estimate, intervals], compat="override", join="exact")


def _number(value):
    return np.nan if value is None else float(value)
