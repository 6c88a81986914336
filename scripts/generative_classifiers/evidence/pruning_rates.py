"""How many evaluations pruning is expected to leave, by what was measured on the miniature's trained models.

A category is dropped after some number of draws, so the share that is left falls with the number of all draws. It falls
about as a power of it: of the latent model's evaluations 71, 54, 39 and 25 % were left with at most 8, 16, 32 and 64
draws (the sequential test from 4 draws on, 40 images), and the power that fits the last gives 71, 50, 35 and 25 %.
"""

from math import log
from typing import NamedTuple

from generative_classifiers.study.settings import Pruning


class Rate(NamedTuple):
    """A measured share of evaluations.

    Attributes
    ----------
    share : float
        What was left of the evaluations.
    least, most : int
        Draws that every category got, and draws of a category that was never dropped.
    """

    share: float
    least: int
    most: int


# By test, and by what the network denoises. docs/method.md names the images and the command ("Pruning"). The levels are
# 0.05 (sequential), 2e-3 (paired) and 0.9 (moderated).
RATES = {
    "sequential": {"pixels": Rate(0.219, 4, 64), "latents": Rate(0.275, 4, 64)},
    "paired": {"pixels": Rate(0.413, 20, 64), "latents": Rate(0.464, 20, 64)},
    # Not measured on a model of pixels. More is left of a model of latents by the other two tests.
    "moderated": {"pixels": Rate(0.083, 1, 64), "latents": Rate(0.083, 1, 64)},
}


def expected_share(draws: int | Pruning, denoises: str) -> float:
    """Share of the evaluations that is expected to be left.

    Parameters
    ----------
    draws : int or study.settings.Pruning
        As `evidence.draws` in a study.
    denoises : {"pixels", "latents"}
        What the network sees. Models of tokens count as models of latents, since nobody has measured them.

    Returns
    -------
    float
        1 for a number of draws, since nothing is pruned then. Otherwise at least the share of the draws that every
        category gets.

    Examples
    --------
    >>> expected_share(64, "latents")
    1.0
    >>> expected_share(Pruning(min=4, max=64, test="sequential", level=0.05), "latents")
    0.275
    """
    if isinstance(draws, int):
        return 1.0
    rate = RATES[draws.test][denoises]
    if draws.max <= rate.least:
        return 1.0
    power = log(draws.max / rate.least) / log(rate.most / rate.least)
    return max(rate.share**power, min(1.0, draws.min / draws.max))
