"""Draws where they count: categories that cannot win any more get none."""

from dataclasses import asdict, dataclass

import numpy as np
from scipy.special import stdtr

from generative_classifiers.draws.weighting import level_weighting
from generative_classifiers.io.errors import InputError

TESTS = ("paired", "sequential")


@dataclass(frozen=True)
class Pruning:
    """When a category is dropped: its paired differences from the best one are too large for chance.

    "paired" looks after every draw and drops at two-sided p < level (arXiv 2303.15233, algorithm 1: after 20
    draws, 2e-3). Whoever looks often finds something by chance, so the number of wrong drops grows with the draws.
    "sequential" looks twice in every doubling of the draws and spends the level over the looks in proportion to the
    draws that they add, one-sided; and what is tested is the difference after all draws, whose uncertainty vanishes
    as they run out (the correction for a finite population). Since any number of draws is spread evenly over the
    noise levels, how differences change from level to level adds nothing to the uncertainty of their mean: the
    variance is that of neighbouring levels (von Neumann 1941, doi:10.1214/aoms/1177731677).

    Parameters
    ----------
    minimum : int
        Draws that every category gets; at least 2.
    test : {"paired", "sequential"}
    level : float
        Of one look ("paired") or of all looks together ("sequential").
    weighting : str
        Of the draws, as in `draws.level_weighting`: what decides is what is tested.
    """

    minimum: int
    test: str
    level: float
    weighting: str = "exponential"

    def __post_init__(self):
        if self.minimum < 2:
            raise InputError(f"draws: min is {self.minimum}, expected at least 2: one draw has no variance")
        if self.test not in TESTS:
            raise InputError(f"draws: test is {self.test!r}, expected one of {', '.join(TESTS)}")
        if not 0 < self.level < 1:
            raise InputError(f"draws: level is {self.level}, expected a probability between 0 and 1")

    @property
    def identity(self):
        """What evidence depends on, as JSON can hold it."""
        return asdict(self)

    def looks(self, count):
        """Numbers of draws after which categories may be dropped, and at last all draws.

        Parameters
        ----------
        count : int
            Draws of a category that is never dropped.

        Returns
        -------
        list of int
        """
        if self.test == "paired":
            return [*range(self.minimum, count), count]
        doublings = [self.minimum * 2**k for k in range(count.bit_length())]
        between = [number * 3 // 2 for number in doublings]
        return [*sorted(number for number in {*doublings, *between} if number < count), count]

    def survivors(self, loss, alive, draws, count):
        """Categories that can still win.

        Parameters
        ----------
        loss : numpy.ndarray
            float (image, category, draw): the first draws, as many as a look has.
        alive : numpy.ndarray
            bool (image, category): not dropped at an earlier look.
        draws : Draws
            The first draws.
        count : int
            Draws of a category that is never dropped.

        Returns
        -------
        numpy.ndarray
            bool (image, category), never more than `alive`; one of each image at least.
        """
        weight = level_weighting(draws.time, draws.alpha, draws.sigma, self.weighting)
        terms = np.where(alive[..., None], loss, np.nan).astype(np.float64) * weight
        best = np.where(alive, terms.mean(axis=2), np.inf).argmin(axis=1)
        difference = terms - np.take_along_axis(terms, best[:, None, None], axis=1)
        p = 2 * _paired(difference) if self.test == "paired" else _sequential(difference, draws, count)
        return alive & ~(p < self._level(len(draws), count))

    def _level(self, n, count):
        """What may be spent at the look after n draws."""
        if self.test == "paired":
            return self.level
        earlier = [look for look in self.looks(count) if look < n]
        return self.level * (n - (earlier[-1] if earlier else 0)) / count


def _paired(difference):
    """Student's p (image, category), one-sided, of differences (image, category, draw)."""
    n = difference.shape[2]
    return _p(difference.mean(axis=2), difference.var(axis=2, ddof=1) / n, n - 1)


def _sequential(difference, draws, count):
    """The same of the difference after all draws, with the variance of neighbouring noise levels.

    Half the mean square of successive differences has for independent normal values a variance of
    (3 n - 4) / (n - 1)² of the fourth power of their standard deviation; Student's has 2 / (n - 1).
    """
    n = len(draws)
    # The noise's scale grows with its level; families without levels have it, too.
    steps = np.diff(difference[:, :, np.argsort(draws.sigma, kind="stable")], axis=2)
    variance = np.square(steps).mean(axis=2) / 2
    return _p(difference.mean(axis=2), variance * (1 / n - 1 / count), 2 * (n - 1) ** 2 / (3 * n - 4))


def _p(mean, variance, freedom):
    """Probability of means at least as large as these, of such a variance, if the true ones are zero."""
    # No variance: a difference that is always the same is certain, and none at all is none.
    t = np.divide(mean, np.sqrt(variance), out=np.where(mean > 0, np.inf, 0.0), where=variance > 0)
    return stdtr(freedom, -t)


def most_draws(draws):
    """Draws of a category that is never dropped.

    Parameters
    ----------
    draws : int or study.settings.Pruning
        As a study's `evidence.draws`.

    Returns
    -------
    int
    """
    return draws if isinstance(draws, int) else draws.max


def pruning_of(draws, weighting):
    """The pruning that a study asks for.

    Parameters
    ----------
    draws : int or study.settings.Pruning
        As a study's `evidence.draws`.
    weighting : str
        As in `level_weighting`.

    Returns
    -------
    Pruning or None
        None if every category gets all draws.
    """
    return None if isinstance(draws, int) else Pruning(draws.min, draws.test, draws.level, weighting)
