"""The pruning tests, and what a study asks for."""

from generative_classifiers.draws.level_table import LevelTable, tuples
from generative_classifiers.draws.log_snr import weighting_with
from generative_classifiers.evidence.moderated import ModeratedTest
from generative_classifiers.evidence.pruning_base import PruningTest, student, von_neumann
from generative_classifiers.study.draws import draws_of
from generative_classifiers.study.levels import level_row


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
        return 2 * student(difference.mean(axis=2), variance_of_mean, n - 1)

    def _level_at(self, look, count):
        return self.level


class SequentialTest(PruningTest):
    """A one-sided test at a few looks, which drops the winner at any of them with a probability of at most the level.

    There are two looks in every doubling of the draws. Each spends a share of the level that is proportional to the
    draws since the look before it.

    The test is about the difference after *all* draws. Its uncertainty vanishes as the remaining draws become fewer
    (the finite population correction). The variance is that between neighbouring noise levels.

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
        variance, freedom = von_neumann(difference, draws)
        variance_of_rest = variance * (1 / len(draws) - 1 / count)
        return student(difference.mean(axis=2), variance_of_rest, freedom)

    def _level_at(self, look, count):
        previous = max((earlier for earlier in self.looks(count) if earlier < look), default=0)
        return self.level * (look - previous) / count


TESTS = {kind.test: kind for kind in (PairedTest, SequentialTest, ModeratedTest)}


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


def pruning_of(draws, weighting, table=None):
    """The pruning test that a study asks for.

    Parameters
    ----------
    draws : int or study.settings.Pruning
        As `evidence.draws` in a study.
    weighting : str
        As in `draws.weighting.level_weighting`.
    table : LevelTable, optional
        What the test "moderated" knows beforehand.

    Returns
    -------
    PruningTest or None
        None if every category gets all draws.
    """
    if isinstance(draws, int):
        return None
    known = {"table": table} if draws.test == ModeratedTest.test else {}
    return TESTS[draws.test](draws.min, draws.level, weighting, **known)


def pruning_for(study, observer, dataset):
    """The pruning test that a study asks for in an observer's evidence; None if every category gets all draws."""
    draws, table = draws_of(study, observer, dataset), level_table(study, observer, dataset)
    return pruning_of(draws, weighting_with(study.weighting), table)


def level_table(study, observer, dataset):
    """What is known of an observer's noise levels, as a `LevelTable`; None if the study's settings need not know."""
    row = level_row(study, observer, dataset)
    return LevelTable(**row.table()) if row else None


def pruning_from(identity):
    """The pruning test with an `identity`, as stores have it; None of None."""
    if identity is None:
        return None
    table = {"table": LevelTable(**tuples(identity["table"]))} if "table" in identity else {}
    weighting = weighting_with(identity["weighting"])
    return TESTS[identity["test"]](identity["minimum"], identity["level"], weighting, **table)
