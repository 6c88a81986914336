"""Pruning: categories that can no longer win get no more draws.

Categories are tested after some of the draws; each of these tests is called a *look* (as in sequential clinical
trials). A category is dropped if it is worse than the best category by more than chance explains. The tests are paired,
because all categories of an image share the same draws.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import stdtr

from generative_classifiers.draws.weighting import level_weighting
from generative_classifiers.io.errors import InputError


@dataclass(frozen=True)
class PruningTest(ABC):
    """A rule that says when categories are dropped.

    Parameters
    ----------
    minimum : int
        Draws that every category gets, at least 2.
    level : float
        Significance level of the test, between 0 and 1.
    weighting : str
        Weighting of the draws, as in `draws.weighting.level_weighting`. It is the weighting of the decision, so that
        the test is about the scores that decide.

    Raises
    ------
    InputError
        The minimum or the level is out of range.
    """

    minimum: int
    level: float
    weighting: str = "exponential"

    test: ClassVar[str]

    def __post_init__(self):
        if self.minimum < 2:
            raise InputError(f"draws: min is {self.minimum}, expected at least 2: one draw has no variance")
        if not 0 < self.level < 1:
            raise InputError(f"draws: level is {self.level}, expected a probability between 0 and 1")

    @property
    def identity(self):
        """What evidence depends on, as plain data."""
        return {"minimum": self.minimum, "test": self.test, "level": self.level, "weighting": self.weighting}

    @abstractmethod
    def looks(self, count):
        """Numbers of draws after which categories may be dropped, followed by the number of all draws.

        Parameters
        ----------
        count : int
            Draws of a category that is never dropped.

        Returns
        -------
        list of int
            In ascending order.
        """

    def survivors(self, loss, candidates, draws, count):
        """Categories that can still win.

        Parameters
        ----------
        loss : numpy.ndarray
            float (image, category, draw): losses of the first draws, up to the present look.
        candidates : numpy.ndarray
            bool (image, category): categories that were not dropped at an earlier look.
        draws : Draws
            The first draws.
        count : int
            Draws of a category that is never dropped.

        Returns
        -------
        numpy.ndarray
            bool (image, category): some of the candidates, at least one of each image.
        """
        weight = level_weighting(draws.time, draws.alpha, draws.sigma, self.weighting)
        weighted = np.where(candidates[..., None], loss, np.nan).astype(np.float64) * weight
        best = np.where(candidates, weighted.mean(axis=2), np.inf).argmin(axis=1)
        difference = weighted - np.take_along_axis(weighted, best[:, None, None], axis=1)
        is_worse = self._p_values(difference, draws, count) < self._level_at(len(draws), count)
        return candidates & ~is_worse

    @abstractmethod
    def _p_values(self, difference, draws, count):
        """P values (image, category) of differences (image, category, draw) from the best category."""

    @abstractmethod
    def _level_at(self, look, count):
        """Significance level of the look after so many draws."""


class PairedTest(PruningTest):
    """Student's two-sided paired t test after every draw, always at the same level.

    This is algorithm 1 of arXiv 2303.15233, whose authors use at least 20 draws and a level of 2e-3. Since there are
    many looks, the probability to drop the winner by chance is larger than the level.

    Examples
    --------
    >>> PairedTest(minimum=20, level=2e-3).looks(24)
    [20, 21, 22, 23, 24]
    """

    test = "paired"

    def looks(self, count):
        """After every draw from the minimum on."""
        return [*range(self.minimum, count), count]

    def _p_values(self, difference, draws, count):
        n = len(draws)
        variance_of_mean = difference.var(axis=2, ddof=1) / n
        return 2 * _student(difference.mean(axis=2), variance_of_mean, n - 1)

    def _level_at(self, look, count):
        return self.level


class SequentialTest(PruningTest):
    """A one-sided test at a few looks that spend the level together.

    There are two looks in every doubling of the draws. Each spends a share of the level that is proportional to the
    draws since the look before it, so that the winner is dropped at any of the looks with a probability of at most the
    level.

    The test is about the difference after *all* draws. Its uncertainty vanishes as the remaining draws become fewer
    (the finite population correction). Any number of draws is spread evenly over the noise levels, so a difference
    that changes smoothly with the noise level does not make the mean uncertain. The variance is therefore that between
    neighbouring noise levels (von Neumann 1941, doi:10.1214/aoms/1177731677).

    Examples
    --------
    >>> SequentialTest(minimum=4, level=0.05).looks(40)
    [4, 6, 8, 12, 16, 24, 32, 40]
    """

    test = "sequential"

    def looks(self, count):
        """After 1, 1.5, 2, 3, 4, 6, 8, … times the minimum."""
        doublings = [self.minimum * 2**k for k in range(count.bit_length())]
        between = [number * 3 // 2 for number in doublings]
        return [*sorted(number for number in {*doublings, *between} if number < count), count]

    def _p_values(self, difference, draws, count):
        n = len(draws)
        # The scale of the noise grows with its level, and families without levels have it, too.
        by_level = difference[:, :, np.argsort(draws.sigma, kind="stable")]
        variance = np.square(np.diff(by_level, axis=2)).mean(axis=2) / 2
        variance_of_rest = variance * (1 / n - 1 / count)
        # For independent normal values this estimate has a variance of (3 n - 4) / (n - 1)² of the fourth power of
        # their standard deviation. The variance in Student's test has 2 / (degrees of freedom) of it.
        freedom = 2 * (n - 1) ** 2 / (3 * n - 4)
        return _student(difference.mean(axis=2), variance_of_rest, freedom)

    def _level_at(self, look, count):
        previous = max((earlier for earlier in self.looks(count) if earlier < look), default=0)
        return self.level * (look - previous) / count


TESTS = {kind.test: kind for kind in (PairedTest, SequentialTest)}


def _student(mean, variance, freedom):
    """Probability that a mean is at least as large by chance, by Student's t distribution.

    Without any variance, a difference is certain, and no difference is no evidence.
    """
    t = np.divide(mean, np.sqrt(variance), out=np.where(mean > 0, np.inf, 0.0), where=variance > 0)
    return stdtr(freedom, -t)


def most_draws(draws):
    """Draws of a category that is never dropped.

    Parameters
    ----------
    draws : int or study.settings.Pruning
        As `evidence.draws` in a study.

    Returns
    -------
    int
    """
    return draws if isinstance(draws, int) else draws.max


def pruning_of(draws, weighting):
    """The pruning test that a study asks for.

    Parameters
    ----------
    draws : int or study.settings.Pruning
        As `evidence.draws` in a study.
    weighting : str
        As in `draws.weighting.level_weighting`.

    Returns
    -------
    PruningTest or None
        None if every category gets all draws.
    """
    return None if isinstance(draws, int) else TESTS[draws.test](draws.min, draws.level, weighting)
