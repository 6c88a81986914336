"""How many evaluations pruning is expected to leave, by what was measured on the miniature's trained models.

A category is dropped after some number of draws, so the share that is left falls with the number of all draws. Between
two measured numbers of draws, and beyond the last, it is taken to fall as a power of that number.
"""

from itertools import pairwise
from math import log
from typing import NamedTuple

from generative_classifiers.study.settings import Pruning


class Rate(NamedTuple):
    """Measured shares of evaluations.

    Attributes
    ----------
    least : int
        Draws that every category got.
    shares : dict of int to float
        What was left of the evaluations, by the number of draws of a category that was never dropped, rising.
    """

    least: int
    shares: dict[int, float]

    def share_of(self, draws: int) -> float:
        """What is left where a category that is never dropped gets so many draws."""
        if draws <= self.least:
            return 1.0
        if draws in self.shares:
            return self.shares[draws]  # as measured, without rounding
        segments = [*pairwise([(self.least, 1.0), *self.shares.items()])]
        (low, before), (high, after) = next((one for one in segments if draws <= one[1][0]), segments[-1])
        return before * (draws / low) ** (log(after / before) / log(high / low))


# By test, and by what the network denoises. docs/method.md names the images and the command ("Pruning"). The levels are
# 0.05 (sequential), 2e-3 (paired) and 0.9 (moderated).
RATES = {
    "sequential": {"pixels": Rate(4, {64: 0.219}), "latents": Rate(4, {64: 0.275})},
    "paired": {"pixels": Rate(20, {64: 0.413}), "latents": Rate(20, {64: 0.464})},
    "moderated": {"pixels": Rate(1, {8: 0.233, 64: 0.083}), "latents": Rate(1, {8: 0.221, 64: 0.083})},
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
    share = RATES[draws.test][denoises].share_of(draws.max)
    return max(share, min(1.0, draws.min / draws.max))
