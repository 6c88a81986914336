"""A weighting that is fitted to images whose categories are known (arXiv 2303.15233; 2505.17955)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from generative_classifiers.draws.density import cell_of
from generative_classifiers.draws.weighting import level_weighting
from generative_classifiers.io.errors import InputError

BUCKETS = 20  # arXiv 2303.15233, section 4
PENALTY = 1e-4  # of squared logarithms of weights, in units of the exponential weighting


@dataclass(frozen=True)
class LearnedWeighting:
    """What the levels of each bucket of times count for.

    Parameters
    ----------
    weight : tuple of float
        (bucket,): of equally wide buckets of the times from 0 to 1.
    fitted_on : tuple of str
        The datasets.
    """

    weight: tuple[float, ...]
    fitted_on: tuple[str, ...] = ()

    @property
    def identity(self) -> dict[str, Any]:
        """The settings, as plain data."""
        return {"rule": "learned", "weight": list(self.weight), "fitted_on": list(self.fitted_on)}

    def at(self, time, alpha, sigma):
        """What each draw counts for, float64 (draw,)."""
        return np.array(self.weight)[cell_of(time, len(self.weight))]


def fit_weighting(loss, time, density, truth, fitted_on=(), buckets=BUCKETS):
    """The weighting under which the categories of some images are most probable.

    The probability of a category is the softmax of the negative scores. Buckets start from the weighting exp(-7 t), and
    a small penalty keeps those there of which the images say nothing.

    Parameters
    ----------
    loss : numpy.ndarray
        (image, category, draw), without NaN.
    time, density : numpy.ndarray
        (draw,)
    truth : numpy.ndarray
        int (image,): index of the category of each image.
    fitted_on : tuple of str
        Names of their datasets.
    buckets : int

    Returns
    -------
    LearnedWeighting

    Raises
    ------
    InputError
        A loss is missing, or there are no images.
    """
    loss = np.asarray(loss, np.float64)
    if not len(loss) or np.isnan(loss).any():
        raise InputError(f"weighting: learned: found {len(loss)} images, expected some with losses of all draws")
    middle = (np.arange(buckets) + 0.5) / buckets
    start = level_weighting(middle, middle, middle)
    part = np.equal.outer(cell_of(time, buckets), np.arange(buckets)) / (len(time) * np.asarray(density))[:, None]
    score = np.einsum("ikd,db->ikb", loss - loss.mean(axis=1, keepdims=True), part) * start
    score /= np.abs(score.sum(axis=2)).mean()

    def cost(parameters):
        """Mean negative log-probability of the truth with the penalty, and its gradient."""
        factor = np.exp(parameters)
        logits = -score @ factor
        log_total = logsumexp(logits, axis=1, keepdims=True)
        right = np.arange(len(truth)), truth
        surprise = np.exp(logits - log_total)
        surprise[right] -= 1
        gradient = -np.einsum("ik,ikb->b", surprise, score) / len(truth) * factor
        value = (log_total[:, 0] - logits[right]).mean()
        return value + PENALTY * np.square(parameters).sum(), gradient + 2 * PENALTY * parameters

    found = minimize(cost, np.zeros(buckets), jac=True, method="L-BFGS-B")
    return LearnedWeighting(tuple((start * np.exp(found.x)).tolist()), tuple(fitted_on))
