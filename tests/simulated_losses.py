"""Losses of simulated images, whose scores are known, and a model that has such losses."""

import numpy as np

from generative_classifiers.draws.density import weighted_density
from generative_classifiers.draws.level_table import LevelTable, log_snr
from generative_classifiers.draws.levels import Draws, density_at, times
from generative_classifiers.draws.weighting import pruning_correction, scores

RATE = 7
LEVELS = np.linspace(0.01, 0.99, 50)
GRID = (np.arange(20_000) + 0.5) / 20_000


def cosine(time):
    """Alpha and sigma of a schedule."""
    return np.cos(np.pi * time / 2), np.sin(np.pi * time / 2)


def spread(time):
    """Standard deviation of the difference between two categories' losses at a noise level."""
    return 0.01 + time**2


def table(**changed):
    place = log_snr(*cosine(LEVELS))[::-1]
    known = {"variance": 1.0, "freedom": 30.0, "trend": 1.0, "reach": 5.0} | changed
    return LevelTable(tuple(place.tolist()), tuple(spread(LEVELS[::-1]).tolist()), **known)


def draws(count, rule="golden", seed=0):
    """Draws of the schedule by "golden", "uniform" or "weighted"."""
    rule = weighted_density(table(), cosine) if rule == "weighted" else rule
    time = times(count, seed, rule)
    return Draws(np.arange(count), time, *cosine(time), np.full(count, seed), density_at(time, rule))


def losses(images, categories, some, advantage, seed=0, degrees=np.inf):
    """Losses (image, category, draw): noise, and differences that are `advantage` spreads at every level.

    `advantage` is (category,) or (image, category). The noise has Student's distribution, with the variance 1.
    """
    rng = np.random.default_rng(seed)
    shape = (images, categories, len(some))
    scale = 1 if np.isinf(degrees) else np.sqrt((degrees - 2) / degrees)
    noise = rng.normal(size=shape) if np.isinf(degrees) else rng.standard_t(degrees, shape) * scale
    shared = rng.gamma(2, 1, (images, 1, len(some)))
    advantage = np.broadcast_to(advantage, (images, categories))[..., None]
    return (shared + (noise / np.sqrt(2) - advantage) * spread(some.time)).astype(np.float32)


def true_scores(advantage):
    """Expected scores, apart from what categories share."""
    return -np.asarray(advantage) * np.mean(np.exp(-RATE * GRID) * spread(GRID))


class Recorded:
    """A model whose losses are known. It counts how often each of them is evaluated."""

    def __init__(self, loss):
        self.loss, self.categories, self.asked = loss, tuple(range(loss.shape[1])), np.zeros(loss.shape, int)

    def evaluate(self, images, names, draws, reconstruct=None, wanted=None):
        found = self.loss[:, :, draws.number]
        wanted = np.ones(found.shape, bool) if wanted is None else wanted
        self.asked[:, :, draws.number] += wanted
        return np.where(wanted, found, np.nan), None


def winners(loss, weight):
    """The decision (image,) of losses with weights (draw,): NaN was not evaluated."""
    return (scores(loss, weight) + pruning_correction(loss, weight)).argmin(axis=1)
