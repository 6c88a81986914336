"""Draws: the noise levels that evidence is gathered at."""

from dataclasses import dataclass, fields

import numpy as np

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.random_numbers import generator

GOLDEN_RATIO = (1 + 5**0.5) / 2
TIMES = ("golden", "uniform")
DRAWS = 16  # unless a study or a user says otherwise


@dataclass(frozen=True)
class Draws:
    """Noise levels of an evidence store, each with the noise sample of the same number.

    A slice of draws is draws.

    Parameters
    ----------
    number : numpy.ndarray
        int64 (draw,): the part of the noise's key that tells one draw from another.
    time : numpy.ndarray
        float64 (draw,) in [0, 1], from clean to noise; NaN where a family has no noise levels.
    alpha, sigma : numpy.ndarray
        float64 (draw,): scales of the image and of the noise; NaN where time is.
    seed : numpy.ndarray
        int64 (draw,).
    """

    number: np.ndarray
    time: np.ndarray
    alpha: np.ndarray
    sigma: np.ndarray
    seed: np.ndarray

    def __len__(self):
        return len(self.number)

    def __getitem__(self, part):
        return Draws(*(getattr(self, field.name)[part] for field in fields(self)))


def times(count, seed, rule="golden"):
    """Noise levels of the first draws: asking for more keeps those there were.

    Parameters
    ----------
    count, seed : int
    rule : {"golden", "uniform"}
        "golden": frac(0.5 + i / golden ratio), spread evenly for any count. "uniform": random.

    Returns
    -------
    numpy.ndarray
        float64 (draw,) in [0, 1).
    """
    if rule == "golden":
        return (0.5 + np.arange(count) / GOLDEN_RATIO) % 1
    if rule == "uniform":
        return np.array([generator("time", i, seed).random() for i in range(count)])
    raise InputError(f"times: {rule!r} is none of {', '.join(TIMES)}")


def single(seed):
    """The one draw of a family without noise levels."""
    nothing = np.full(1, np.nan)
    return Draws(np.zeros(1, np.int64), nothing, nothing, nothing, np.full(1, seed, np.int64))
