"""The weighting that a study's settings ask for."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from generative_classifiers.draws.log_snr import LogSnrWeighting, weighting_with
from generative_classifiers.draws.weighting import LevelWeighting
from generative_classifiers.io.errors import InputError
from generative_classifiers.study.levels import plain
from generative_classifiers.study.settings import LearnedSetting

if TYPE_CHECKING:
    from generative_classifiers.draws.learned import LearnedWeighting

LOGGER = logging.getLogger(__name__)


def weighting_on(setting, evidence: xr.Dataset, others: Mapping[str, xr.Dataset]) -> str | LevelWeighting:
    """The weighting for the evidence of one observer on one dataset.

    Parameters
    ----------
    setting
        `evidence.weighting` of a study.
    evidence : xarray.Dataset
        That is scored.
    others : dict of str to xarray.Dataset
        Evidence of the same observer on other datasets, which a learned weighting is fitted to.

    Returns
    -------
    str or LevelWeighting
    """
    if evidence["time"].isnull().all():
        return "uniform"
    if isinstance(setting, LearnedSetting):
        return learned(evidence, others)
    weighting = weighting_with(plain(setting))
    if isinstance(weighting, LogSnrWeighting):
        lost = weighting.lost_share(*(evidence[name].values for name in ("time", "alpha", "sigma")))
        LOGGER.warning("%s: %.1f %% of the weighting is lost", evidence.attrs["observer"], 100 * lost)
    return weighting


def learned(evidence: xr.Dataset, others: Mapping[str, xr.Dataset]) -> LearnedWeighting:
    """Fit a weighting to the evidence of other datasets, never to that which is scored.

    Raises
    ------
    InputError
        `others` is empty, or contains the dataset that is scored.
    """
    scored = evidence.attrs["dataset"]
    if scored in others or not others:
        raise InputError(
            f"weighting: learned: expected evidence of {evidence.attrs['observer']} on other datasets than {scored}, "
            f"found {', '.join(others) or 'none'}"
        )
    # Imported late: no other weighting needs scipy.optimize, which takes half as long to import as all the rest.
    from generative_classifiers.draws.learned import fit_weighting

    draws = min(one.sizes["draw"] for one in others.values())
    for name, one in others.items():
        _check_same_draws(one, next(iter(others.values())), draws, name)
    parts = [one.isel(draw=slice(draws)) for one in others.values()]
    categories = evidence["category"].values.tolist()
    truth = [categories.index(name) for one in parts for name in one["true_category"].values]
    loss = np.concatenate([one["loss"].values for one in parts])
    density = parts[0]["density"].values if "density" in parts[0].coords else np.ones(draws)
    return fit_weighting(loss, parts[0]["time"].values, density, np.array(truth), tuple(others))


def _check_same_draws(evidence, first, draws, dataset):
    """Raise InputError unless the first draws of evidence are those of the first dataset."""
    own, expected = (one["time"].values[:draws] for one in (evidence, first))
    if not np.array_equal(own, expected):
        raise InputError(
            f"weighting: learned: the draws of {evidence.attrs['observer']} on {dataset} have other noise levels; "
            f"expected those on {first.attrs['dataset']}"
        )
