"""The density of noise levels: where draws are spent, so that few of them tell categories apart."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from generative_classifiers.draws.weighting import RATE, level_weighting
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
    origin : dict
        What it was made of, as plain data.

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
    origin: dict[str, Any] = field(default_factory=dict)

    def at(self, time):
        """The density at noise levels, float64; 1 would be uniform."""
        cells = len(self.share)
        return self.share[cell_of(time, cells)] * cells

    def quantile(self, probability):
        """The inverse of the cumulative distribution: levels, float64."""
        edges = np.linspace(0, 1, len(self.share) + 1)
        cumulative = np.concatenate([[0], np.cumsum(self.share)])
        return np.interp(probability, cumulative / cumulative[-1], edges)

    @property
    def identity(self) -> dict[str, Any]:
        """What evidence depends on, as plain data."""
        return {"rule": "weighted", **self.origin}


def cell_of(time, cells):
    """Which of equally wide cells between 0 and 1 times are in, int; 1 is in the last."""
    return np.minimum((np.asarray(time) * cells).astype(int), cells - 1)


def weighted_density(table, scales):
    """The density that tells categories apart with the fewest draws: in proportion to weighting times spread.

    It makes the variance of the score smallest (Neyman 1934) under the weighting exp(-7 t). A share of `FLOOR` of the
    draws is spread evenly.

    Parameters
    ----------
    table : LevelTable
    scales : callable
        Of noise levels: their alpha and sigma.

    Returns
    -------
    LevelDensity
    """
    time = (np.arange(CELLS) + 0.5) / CELLS
    alpha, sigma = scales(time)
    product = level_weighting(time, alpha, sigma) * table.at(alpha, sigma)
    spread = {name: table.identity[name] for name in ("log_snr", "spread")}
    origin = {"table": digest(spread), "weighting": "exponential", "rate": RATE}
    return LevelDensity((1 - FLOOR) * product / product.sum() + FLOOR / CELLS, origin)
