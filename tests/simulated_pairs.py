"""Pairs of simulated observers whose error consistency is known, and how often intervals contain the true value."""

from typing import NamedTuple

import numpy as np

from generative_classifiers.metrics.arithmetic import ratio
from generative_classifiers.metrics.consistency import resampled_agreement
from generative_classifiers.metrics.resampling import interval, resample


class Pair(NamedTuple):
    """Two observers: their accuracies and their kappa."""

    first: float
    second: float
    kappa: float

    @property
    def outcomes(self):
        """The probabilities that both are right, only the first, only the second, and neither."""
        expected = self.first * self.second + (1 - self.first) * (1 - self.second)
        both = (self.kappa * (1 - expected) + expected - 1 + self.first + self.second) / 2
        return np.array([both, self.first - both, self.second - both, 1 - self.first - self.second + both])

    @property
    def truth(self):
        """The true value of each measure."""
        agree = self.outcomes[[0, 3]].sum()
        return {"accuracy": self.first, "observed consistency": agree, "kappa": self.kappa}


def answers(pairs, images, generator):
    """Random answers of the observers of all pairs: (observer, image)."""
    outcome = np.stack([generator.choice(4, images, p=np.clip(pair.outcomes, 0, 1)) for pair in pairs])
    return np.stack([outcome <= 1, outcome % 2 == 0], axis=1).reshape(-1, images).astype(float)


def bounds(answers, replicate):
    """Intervals of all pairs by measure, each (pair, bound)."""
    sample = resample(answers, "simulated", str(replicate))
    first = np.arange(0, len(answers), 2)
    found = resampled_agreement(sample, first, first + 1)
    accuracy = ratio(sample.right(first), sample.images)
    resampled = {"accuracy": accuracy, "observed consistency": found.observed, "kappa": found.kappa}
    return {measure: interval(values, lowest=-1.0) for measure, values in resampled.items()}


def coverage(pairs, images, replicates, seed=0):
    """How often the interval of each measure contains the true value, among the replicates where it is defined.

    Parameters
    ----------
    pairs : list of Pair
    images, replicates, seed : int

    Returns
    -------
    dict of str to numpy.ndarray
        By measure, a share for every pair.
    """
    generator = np.random.default_rng(seed)
    held = {measure: [] for measure in pairs[0].truth}
    for replicate in range(replicates):
        for measure, found in bounds(answers(pairs, images, generator), replicate).items():
            truth = np.array([pair.truth[measure] for pair in pairs])
            # Accuracies lie on a grid, so a bound can equal the true value up to rounding.
            inside = (found[:, 0] <= truth + 1e-9) & (truth <= found[:, 1] + 1e-9)
            held[measure].append(np.where(np.isnan(found[:, 0]), np.nan, inside))
    return {measure: np.nanmean(values, axis=0) for measure, values in held.items()}
