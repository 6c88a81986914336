"""S1: at which noise levels does a diffusion model go by shape?"""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from generative_classifiers.decisions.same_losses import decisions_under
from generative_classifiers.metrics.arithmetic import ratio
from generative_classifiers.metrics.lab.variants import difference, follows_cues, side_by_side
from generative_classifiers.metrics.resampling import BOUND, interval, resample

LOW, MEDIUM = (0.0, 0.25), (0.5, 0.75)  # ranges of t


def noise_levels(losses: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Shares of shape and texture decisions at every draw alone.

    Parameters
    ----------
    losses : dict of str to xarray.Dataset
        Evidence on cue conflicts that has all losses, by observer.

    Returns
    -------
    xarray.Dataset
        Dimensions observer, draw: `shape` and `texture`, shares of the images whose shape and texture differ, each with
        an interval; `time` and `log_snr`, the logarithm of alpha² / sigma². Dimension observer: `rise`, the shape bias
        over all draws at 0.5 <= t < 0.75 minus that at t < 0.25, with its interval; NaN without such draws.
    """
    parts = {observer: _of_observer(evidence) for observer, evidence in losses.items()}
    return side_by_side(parts, {name: one.attrs["family"] for name, one in losses.items()})


def _of_observer(evidence):
    draws = evidence.sizes["draw"]
    follows = follows_cues(evidence, decisions_under(evidence, np.eye(draws)))
    sample = resample(follows.reshape(2 * draws, -1), evidence.attrs["dataset"], "all")
    shape, texture = np.moveaxis(ratio(sample.right(), sample.images).reshape(-1, 2, draws), 1, 0)
    time = evidence["time"].values
    # Sums over many draws need no virtual images.
    own = (sample.counts[:, : sample.images] @ sample.answers[:, : sample.images].T).reshape(-1, 2, draws)
    rise = xr.DataArray(_bias(own, time, MEDIUM) - _bias(own, time, LOW), dims="resample")
    snr = np.square(evidence["alpha"].values.astype(np.float64) / evidence["sigma"].values)
    variables = {"shape": shape[0], "texture": texture[0], "time": time, "log_snr": np.log(snr)}
    bounds = {"shape_interval": interval(shape), "texture_interval": interval(texture)}
    return xr.Dataset(
        {name: ("draw", values) for name, values in variables.items()}
        | {name: (("draw", "bound"), values) for name, values in bounds.items()}
        | difference("rise", rise),
        {"draw": evidence["draw"].values, **BOUND},
    )


def _bias(follows, time, levels):
    """Shape bias over all draws at a range of levels, (resample,)."""
    shape, texture = follows[..., (time >= levels[0]) & (time < levels[1])].sum(axis=-1).T
    return ratio(shape, shape + texture)
