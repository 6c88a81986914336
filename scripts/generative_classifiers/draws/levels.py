"""Draws: the noise levels at which losses are evaluated."""

from dataclasses import dataclass, fields

import numpy as np

from generative_classifiers.draws.density import LevelDensity
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.random_numbers import generator

GOLDEN_RATIO = (1 + 5**0.5) / 2
TIMES = ("golden", "uniform")  # rules that need no table of levels
DRAWS = 16  # unless a study or a user says otherwise


@dataclass(frozen=True)
class Draws:
    """The draws of an evidence store: noise levels, each with one noise sample.

    Slicing draws gives draws.

    Parameters
    ----------
    number : numpy.ndarray
        int64 (draw,): the number of each draw, which its noise sample depends on.
    time : numpy.ndarray
        float64 (draw,): noise level from 0 (no noise) to 1 (only noise); NaN if the family has no noise levels.
    alpha, sigma : numpy.ndarray
        float64 (draw,): factors of the image and of the noise; NaN where `time` is NaN.
    seed : numpy.ndarray
        int64 (draw,): seed of the noise.
    density : numpy.ndarray, optional
        float64 (draw,): the density that the noise level was drawn from, by which its weighting is divided; 1 where
        levels are spread evenly, which is the default.

    Examples
    --------
    >>> draws = Draws(*np.arange(20).reshape(5, 4))
    >>> len(draws), draws[2:].number
    (4, array([2, 3]))
    """

    number: np.ndarray
    time: np.ndarray
    alpha: np.ndarray
    sigma: np.ndarray
    seed: np.ndarray
    density: np.ndarray = None  # type: ignore[assignment]

    def __post_init__(self):
        if self.density is None:
            object.__setattr__(self, "density", np.ones(len(self.number)))

    def __len__(self):
        return len(self.number)

    def __getitem__(self, part):
        return Draws(*(getattr(self, field.name)[part] for field in fields(self)))


def times(count, seed, rule="golden"):
    """Noise levels of the first draws. The first levels stay the same when more are asked for.

    Parameters
    ----------
    count : int
        Number of draws.
    seed : int
        Seed of the rule "uniform".
    rule : {"golden", "uniform"} or LevelDensity
        "golden": the fractional parts of 0.5 + i / golden ratio, which are spread evenly for any number of draws
        (a Kronecker sequence). "uniform": random. A density: what the golden levels become by the inverse of its
        cumulative distribution.

    Returns
    -------
    numpy.ndarray
        float64 (draw,) in [0, 1).

    Raises
    ------
    InputError
        The rule is unknown.

    Examples
    --------
    >>> times(4, seed=0).round(3)
    array([0.5  , 0.118, 0.736, 0.354])
    """
    if isinstance(rule, LevelDensity):
        return rule.quantile(times(count, seed))
    if rule == "golden":
        return (0.5 + np.arange(count) / GOLDEN_RATIO) % 1
    if rule == "uniform":
        return np.array([generator("time", i, seed).random() for i in range(count)])
    raise InputError(f"times: {rule!r} is unknown, expected one of {', '.join(TIMES)}")


def density_at(time, rule="golden"):
    """The density of a rule at noise levels, float64; 1 for the rules that spread levels evenly."""
    return rule.at(time) if isinstance(rule, LevelDensity) else np.ones(len(time))


def rule_identity(rule):
    """What evidence depends on of a rule, as plain data."""
    return rule.identity if isinstance(rule, LevelDensity) else rule


def single(seed):
    """The only draw of a family without noise levels."""
    undefined = np.full(1, np.nan)
    return Draws(np.zeros(1, np.int64), undefined, undefined, undefined, np.full(1, seed, np.int64))
