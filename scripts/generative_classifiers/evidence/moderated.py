"""A pruning test that knows beforehand how much losses vary at each noise level."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from generative_classifiers.draws.level_table import LevelTable
from generative_classifiers.draws.weighting import level_weighting
from generative_classifiers.evidence.pruning_base import DoublingTest, student, von_neumann
from generative_classifiers.io.errors import InputError

FEWEST_TO_ESTIMATE = 6  # draws; between the levels of fewer draws, differences change more by trend than by noise


@dataclass(frozen=True)
class ModeratedTest(DoublingTest):
    """A one-sided test after the first draw already, with the moderated t of Smyth (2004, doi:10.2202/1544-6115.1027).

    The variance of a difference between two categories is known from a table, in units of the spread at each noise
    level. From the sixth draw on, its estimate from the image's own draws is shrunk towards that. No other image has a
    say. The uncertainty is that of the mean over *all* draws: it takes into account which levels the first draws have.

    The level is spent over the looks as by `SequentialTest`. Each of several categories that are nearly as good could
    seem to be the best by chance. The level of a look is therefore divided by their number. A category counts twice its
    p value, so that an equal one counts 1, and one that is clearly worse 0.

    Parameters
    ----------
    minimum, level, weighting
        As for `pruning.PruningTest`; the minimum may be 1.
    table : LevelTable
    """

    table: LevelTable | None = None

    test = "moderated"
    least = 1

    def __post_init__(self):
        super().__post_init__()
        if self.table is None:
            raise InputError("draws: the test moderated needs a table of levels: registry/levels.yaml")

    @property
    def identity(self) -> dict[str, Any]:
        """What evidence depends on, as plain data."""
        return {**super().identity, "table": self.table.identity if self.table else None}

    def _compare(self, difference, candidates, draws, count):
        look = difference.shape[2]
        weight = level_weighting(draws.time, draws.alpha, draws.sigma, self.weighting) / draws.density
        contribution = weight * self.table.at(draws.alpha, draws.sigma)
        prior, freedom = self._variance(difference, contribution[:look], draws[:look])
        variance = prior * self.table.error(draws.alpha, draws.sigma, contribution, look)
        p_values = student(difference.mean(axis=2), np.broadcast_to(variance, difference.shape[:2]), freedom)
        alike = np.where(candidates, 2 * np.minimum(p_values, 0.5), 0).sum(axis=1, keepdims=True)
        return p_values, self._level_at(look, count) / np.maximum(alike, 1)

    def _variance(self, difference, contribution, draws):
        """The variance of differences in units of the spread, and its degrees of freedom."""
        prior, freedom = self.table.variance, self.table.freedom
        counts = np.flatnonzero(contribution > 0)
        if len(counts) < FEWEST_TO_ESTIMATE:
            return prior, freedom
        own, own_freedom = von_neumann(difference[:, :, counts] / contribution[counts], draws[counts])
        return (freedom * prior + own_freedom * own) / (freedom + own_freedom), freedom + own_freedom
