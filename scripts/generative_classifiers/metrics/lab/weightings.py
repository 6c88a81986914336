"""S2: how much of the shape bias is the weighting's?"""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from generative_classifiers.decisions.same_losses import decisions_under
from generative_classifiers.decisions.weightings import learned
from generative_classifiers.draws.log_snr import BoundWeighting, LogSnrWeighting
from generative_classifiers.draws.weighting import level_weighting
from generative_classifiers.metrics.lab.variants import (
    difference,
    measure,
    next_to_reference,
    of_reference,
    of_variants,
    side_by_side,
)
from generative_classifiers.metrics.resampling import with_intervals

RATES = np.arange(0, 14.5, 0.5)
NAMED = {"simple": "simple", "bound": BoundWeighting(), "log_snr": LogSnrWeighting("imagen")}
NONE = "none"  # the weighting of the reference group


def weightings(
    decisions: xr.Dataset,
    losses: Mapping[str, xr.Dataset],
    others: Mapping[str, Mapping[str, xr.Dataset]],
    reference: str = "humans",
) -> xr.Dataset:
    """Shape bias, accuracy and error consistency on cue conflicts under many weightings of the noise levels.

    Parameters
    ----------
    decisions : xarray.Dataset
        On cue conflicts, with those of the reference group.
    losses : dict of str to xarray.Dataset
        Evidence on cue conflicts that has all losses, by observer.
    others : dict of str to dict of str to xarray.Dataset
        The same on other datasets, by observer and dataset, to which the weighting `learned` is fitted. It is left out
        for an observer without any.
    reference : str, optional
        Name of the reference group, which is the first observer and has the weighting "none".

    Returns
    -------
    xarray.Dataset
        Dimensions observer, weighting: `shape_bias`, `accuracy`, `error_consistency`, each with an interval. `rate` is
        that of exp(-rate t), NaN for other weightings. Dimension observer: `fall`, the shape bias at rate 0 minus that
        at rate 14, with its interval.
    """
    parts: dict[str, xr.Dataset] = {}
    families: dict[str, str] = {}
    for observer, evidence in losses.items():
        weight = _weights(evidence, others.get(observer, {}))
        response = decisions_under(evidence, np.stack(list(weight.values())))
        joined = next_to_reference(decisions, evidence, response, list(weight))
        values = measure(joined, reference)
        own = of_variants(values, "weighting", list(weight))
        bias = own["shape_bias"].drop_vars("weighting")
        fall = bias.isel(weighting=0) - bias.isel(weighting=len(RATES) - 1)
        parts.setdefault(reference, with_intervals(of_reference(values, "weighting", NONE)))
        parts[observer] = with_intervals(own).assign(difference("fall", fall))
        families |= {reference: joined["family"].values[0], observer: evidence.attrs["family"]}
    found = side_by_side(parts, families, reference)
    rates = [_rate(name) for name in found["weighting"].values]
    return found.assign_coords(rate=("weighting", rates)).sortby("rate")


def _weights(evidence, others):
    """What each draw counts for under each weighting, (draw,) by name."""
    levels = [evidence[name].values for name in ("time", "alpha", "sigma")]
    exponential = {_name(rate): level_weighting(*levels, "exponential", rate) for rate in RATES}
    named = dict(NAMED) | ({"learned": learned(evidence, others)} if others else {})
    return exponential | {name: level_weighting(*levels, weighting) for name, weighting in named.items()}


def _name(rate):
    return f"exponential-{rate:g}"


def _rate(name):
    """The rate in a weighting's name; NaN if it is not exponential."""
    return float(name.removeprefix("exponential-")) if name.startswith("exponential-") else np.nan
