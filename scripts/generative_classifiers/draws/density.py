"""The density of noise levels: where draws are spent, so that few of them tell categories apart."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from generative_classifiers.io.digests import digest

CELLS = 1000  # of the noise levels from 0 to 1; the density is constant in each
FLOOR = 0.1  # share of the draws that is spread evenly, so that every level is drawn and no draw counts too much


@dataclass(frozen=True)
class LevelDensity:
    """A density of noise levels from 0 to 1, constant in each of equally wide cells.

    Parameters
    ----------
    share : numpy.ndarray
        float64 (cell,): the probability of each cell.

    Examples
    --------
    Three quarters of the draws are in the lower half of the levels.

    >>> density = LevelDensity(np.array([0.75, 0.25]))
    >>> density.quantile(np.array([0.0, 0.375, 0.875]))
    array([0.  , 0.25, 0.75])
    >>> density.at([0.25, 0.75])
    array([1.5, 0.5])
    """

    share: np.ndarray

    def at(self, time):
        """The density at noise levels, float64; 1 would be uniform."""
        cells = len(self.share)
        return self.share[np.minimum((np.asarray(time) * cells).astype(int), cells - 1)] * cells

    def quantile(self, probability):
        """The inverse of the cumulative distribution: levels, float64."""
        edges = np.linspace(0, 1, len(self.share) + 1)
        cumulative = np.concatenate([[0], np.cumsum(self.share)])
        return np.interp(probability, cumulative / cumulative[-1], edges)

    @property
    def identity(self) -> dict[str, Any]:
        """What evidence depends on, as plain data."""
        return {"rule": "weighted", "density": digest(self.share.round(12).tolist())}


def weighted_density(weight, spread):
    """The density that tells categories apart with the fewest draws: in proportion to weight times spread.

    It makes the variance of the score of a difference smallest if that difference varies, at each level, in proportion
    to the spread. A share of `FLOOR` of the draws is spread evenly.

    Parameters
    ----------
    weight, spread : numpy.ndarray
        float64 (cell,): at the middle of each cell, what the level counts for, and how much losses differ.

    Returns
    -------
    LevelDensity
    """
    product = weight * spread
    return LevelDensity((1 - FLOOR) * product / product.sum() + FLOOR / len(product))


def middles():
    """The middle of each cell."""
    return (np.arange(CELLS) + 0.5) / CELLS
