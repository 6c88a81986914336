"""A pruning test that knows beforehand how much losses vary at each noise level."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from generative_classifiers.draws.level_table import LevelTable
from generative_classifiers.draws.weighting import level_weighting
from generative_classifiers.evidence.pruning_base import PruningTest, student, von_neumann
from generative_classifiers.io.errors import InputError

FEWEST_TO_ESTIMATE = 6  # draws; between the levels of fewer draws, differences change more by trend than by noise


@dataclass(frozen=True)
class ModeratedTest(PruningTest):
    """A one-sided test after the first draw already, with the moderated t of Smyth (2004, doi:10.2202/1544-6115.1027).

    The variance of a difference between two categories is known from a table, in units of the spread at each noise
    level. From the sixth draw on, its estimate from the image's own draws is shrunk towards that. No other image has a
    say. The uncertainty is that of the mean as an estimate of the expected difference: noise, and levels that the first
    draws do not have.

    More draws change less, and it costs more to double them. So after `n` of `N` draws a category is dropped if its p
    value is below level n / (2 N): less certainty is asked for as draws become more. Over all looks together, a
    category is dropped in favour of one that is no better with a probability of at most the level. Several rivals that
    are nearly as good can each drop the best.

    Examples
    --------
    There are four looks in every doubling of the draws.

    >>> from generative_classifiers.draws.level_table import LevelTable
    >>> table = LevelTable((-2.0, 2.0), (4.0, 1.0), variance=1.0, freedom=4.0, trend=0.0, reach=1.0)
    >>> ModeratedTest(1, 0.9, table=table).looks(32)
    [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32]

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

    def looks(self, count):
        """After every draw at first, then four times in every doubling."""
        steps = ((look, 1 << max(0, look.bit_length() - 3)) for look in range(self.minimum, count))
        return [*(look for look, step in steps if look % step == 0), count]

    def _compare(self, difference, candidates, draws, count):
        look = difference.shape[2]
        weight = level_weighting(draws.time, draws.alpha, draws.sigma, self.weighting) / draws.density
        contribution = weight * self.table.at(draws.alpha, draws.sigma)
        prior, freedom = self._variance(difference, contribution[:look], draws[:look])
        variance = prior * self.table.error(draws.alpha, draws.sigma, contribution, look)
        p_values = student(difference.mean(axis=2), np.broadcast_to(variance, difference.shape[:2]), freedom)
        return p_values, self._level_at(look, count)

    def _level_at(self, look, count):
        return self.level * look / (2 * count)

    def _variance(self, difference, contribution, draws):
        """The variance of differences in units of the spread, and its degrees of freedom."""
        prior, freedom = self.table.variance, self.table.freedom
        counts = np.flatnonzero(contribution > 0)
        if len(counts) < FEWEST_TO_ESTIMATE:
            return prior, freedom
        own, own_freedom = von_neumann(difference[:, :, counts] / contribution[counts], draws[counts])
        return (freedom * prior + own_freedom * own) / (freedom + own_freedom), freedom + own_freedom
