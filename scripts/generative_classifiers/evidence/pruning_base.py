"""What all pruning tests share: categories that can no longer win get no more draws.

Categories are tested after some of the draws; each of these tests is called a *look* (as in sequential clinical
trials). A category is dropped if it is worse than the best category by more than chance explains. The tests are paired,
because all categories of an image share the same draws.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import stdtr

from generative_classifiers.draws.weighting import LevelWeighting, identity_of, level_weighting
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
    weighting: str | LevelWeighting = "exponential"

    test: ClassVar[str]
    least: ClassVar[int] = 2

    def __post_init__(self):
        if self.minimum < self.least:
            reason = ": one draw has no variance" if self.least > 1 else ""
            raise InputError(f"draws: min is {self.minimum}, expected at least {self.least}{reason}")
        if not 0 < self.level < 1:
            raise InputError(f"draws: level is {self.level}, expected a probability between 0 and 1")

    @property
    def identity(self):
        """What evidence depends on, as plain data."""
        return {
            "minimum": self.minimum,
            "test": self.test,
            "level": self.level,
            "weighting": identity_of(self.weighting),
        }

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
            All draws, or the first ones.
        count : int
            Draws of a category that is never dropped.

        Returns
        -------
        numpy.ndarray
            bool (image, category): some of the candidates, at least one of each image.
        """
        return candidates & ~self._is_worse(self._differences(loss, candidates, draws), candidates, draws, count)

    def p_values(self, loss, candidates, draws, count):
        """What a look goes by: a category is dropped if its p value is below its bound.

        Parameters
        ----------
        loss, candidates, draws, count
            As for `survivors`.

        Returns
        -------
        p_value, bound : numpy.ndarray
            float64 (image, category). Those of categories that are no candidates have no meaning.
        """
        difference = self._differences(loss, candidates, draws)
        return np.broadcast_arrays(*self._compare(difference, candidates, draws, count))

    def _differences(self, loss, candidates, draws):
        """Weighted differences (image, category, draw) from the best candidate."""
        seen = draws[: loss.shape[2]]
        weight = level_weighting(seen.time, seen.alpha, seen.sigma, self.weighting) / seen.density
        weighted = np.where(candidates[..., None], loss, np.nan).astype(np.float64) * weight
        best = np.where(candidates, weighted.mean(axis=2), np.inf).argmin(axis=1)
        return weighted - np.take_along_axis(weighted, best[:, None, None], axis=1)

    def _is_worse(self, difference, candidates, draws, count):
        """Whether differences (image, category, draw) from the best category are too large for chance."""
        p_values, bound = self._compare(difference, candidates, draws, count)
        return p_values < bound

    def _compare(self, difference, candidates, draws, count):
        """P values (image, category) of differences (image, category, draw), and the bounds that they are held to."""
        look = difference.shape[2]
        return self._p_values(difference, draws[:look], count), self._level_at(look, count)

    def _p_values(self, difference, draws, count):
        """P values (image, category) of differences (image, category, draw) from the best category."""
        raise NotImplementedError

    @abstractmethod
    def _level_at(self, look, count):
        """Significance level of the look after so many draws."""


def von_neumann(difference, draws):
    """The variance between neighbouring noise levels (von Neumann 1941, doi:10.1214/aoms/1177731677).

    Any number of draws is spread evenly over the noise levels, so a difference that changes smoothly with the noise
    level does not make the mean uncertain.

    Parameters
    ----------
    difference : numpy.ndarray
        float64 (image, category, draw)
    draws : Draws

    Returns
    -------
    variance : numpy.ndarray
        float64 (image, category)
    freedom : float
        Its degrees of freedom. For independent normal values this estimate has a variance of (3 n - 4) / (n - 1)² of
        the fourth power of their standard deviation. The variance in Student's test has 2 / (degrees of freedom) of it.
    """
    n = len(draws)
    # The scale of the noise grows with its level, and families without levels have it, too.
    by_level = difference[:, :, np.argsort(draws.sigma, kind="stable")]
    return np.square(np.diff(by_level, axis=2)).mean(axis=2) / 2, 2 * (n - 1) ** 2 / (3 * n - 4)


def student(mean, variance, freedom):
    """Probability that a mean is at least as large by chance, by Student's t distribution.

    Without any variance, a difference is certain, and no difference is no evidence.
    """
    t = np.divide(mean, np.sqrt(variance), out=np.where(mean > 0, np.inf, 0.0), where=variance > 0)
    return stdtr(freedom, -t)
