"""S3: does the number of draws matter?"""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from generative_classifiers.decisions.same_losses import decisions_under
from generative_classifiers.draws.weighting import AnyWeighting, level_weighting
from generative_classifiers.io.random_numbers import generator
from generative_classifiers.metrics.arithmetic import ratio
from generative_classifiers.metrics.cells import cells_of, correctness
from generative_classifiers.metrics.consistency import consistency_of_counts
from generative_classifiers.metrics.lab.variants import (
    MEASURES,
    difference,
    follows_cues,
    measure,
    next_to_reference,
    of_reference,
    of_variants,
    side_by_side,
)
from generative_classifiers.metrics.resampling import BOUND, LEVEL, image_counts, with_intervals

SUBSETS, SEED = 100, 0
QUANTILES = (1 - LEVEL) / 2, (1 + LEVEL) / 2


def draw_numbers(
    decisions: xr.Dataset,
    losses: Mapping[str, xr.Dataset],
    weighting: Mapping[str, AnyWeighting],
    reference: str = "humans",
) -> xr.Dataset:
    """Shape bias, accuracy and error consistency on cue conflicts with the first draws, and with random ones.

    Parameters
    ----------
    decisions : xarray.Dataset
        On cue conflicts, with those of the reference group.
    losses : dict of str to xarray.Dataset
        Evidence on cue conflicts that has all losses, by observer.
    weighting : dict of str to str or LevelWeighting
        By observer.
    reference : str, optional
        Name of the reference group, which is the first observer and has 0 draws.

    Returns
    -------
    xarray.Dataset
        Dimensions observer, draws: `shape_bias`, `accuracy`, `error_consistency` with the first draws, each with an
        interval; `<measure>_mean` and, with the further dimension bound, `<measure>_spread` of 100 random subsets of so
        many draws: their mean and the range from the 2.5 % to the 97.5 % quantile. `shift` is the mean shape bias
        of the subsets minus that of all draws, with its interval.
    """
    parts: dict[str, xr.Dataset] = {}
    families: dict[str, str] = {}
    for observer, evidence in losses.items():
        weight = level_weighting(evidence["time"], evidence["alpha"], evidence["sigma"], weighting[observer])
        numbers = _numbers(len(weight))
        first = np.arange(len(weight)) < np.array(numbers)[:, None]
        joined = next_to_reference(decisions, evidence, decisions_under(evidence, first * weight), numbers)
        values = measure(joined, reference)
        own = of_variants(values, "draws", numbers)
        spreads = [_subsets(decisions, evidence, weight, number) for number in numbers]
        parts.setdefault(reference, with_intervals(of_reference(values, "draws", 0)))
        parts[observer] = with_intervals(own).merge(xr.concat(spreads, dim="draws"))
        families |= {reference: joined["family"].values[0], observer: evidence.attrs["family"]}
    return side_by_side(parts, families, reference)


def _numbers(count):
    """1, 2, 4, … and all draws."""
    return [*(2**power for power in range(count.bit_length()) if 2**power < count), count]


def _subsets(decisions, evidence, weight, number):
    """Measures of random subsets of so many draws: their mean, their spread, and the shift from all draws."""
    ranks = generator("subsets", SEED, evidence.attrs["dataset"], number).random((SUBSETS, len(weight)))
    chosen = ranks.argsort(axis=1).argsort(axis=1) < number
    response = decisions_under(evidence, np.vstack([chosen, np.ones_like(weight, bool)]) * weight)
    shape, texture = _resampled(follows_cues(evidence, response), evidence.attrs["dataset"])
    bias = ratio(shape, shape + texture)
    joined = next_to_reference(decisions, evidence, response[:-1], range(SUBSETS))
    values = dict(zip(MEASURES, (bias[0, :-1], *_of_images(joined)), strict=True))
    found = {f"{name}_mean": np.nanmean(one) for name, one in values.items()}
    spread = {f"{name}_spread": ("bound", np.nanquantile(one, QUANTILES)) for name, one in values.items()}
    shift = xr.DataArray(np.nanmean(bias[:, :-1], axis=1) - bias[:, -1], dims="resample")
    return xr.Dataset(found | spread | difference("shift", shift), {"draws": number, **BOUND})


def _resampled(follows, dataset):
    """How many decisions follow each cue on resampled images, (cue, resample, variant)."""
    counts = image_counts(follows.shape[-1], 0, dataset, "all")
    return counts @ np.swapaxes(follows, 1, 2)


def _of_images(decisions):
    """Accuracy and mean error consistency with the reference group of every variant, without resamples."""
    is_reference = decisions["is_reference"].values
    (answers,) = correctness([decisions], cells_of([decisions])).answers
    subjects, variants = answers[is_reference], answers[~is_reference]
    counts = variants.sum(axis=1)[:, None], subjects.sum(axis=1), variants @ subjects.T
    found = consistency_of_counts(*counts, answers.shape[1])
    return variants.mean(axis=1), np.where(found.observed == 1, 1.0, found.kappa).mean(axis=1)
