"""Forward passes of a masked model, which several readings of it can share."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch

from generative_classifiers.draws.levels import Draws
from generative_classifiers.models.batches import Batch


class Pass(NamedTuple):
    """What a masked model predicts for a batch: all that its readings need.

    Attributes
    ----------
    loss : torch.Tensor
        float32 (evaluation,): the mean of -log p over the hidden tokens.
    completed : torch.Tensor
        int64 (evaluation, y, x): the tokens of the image, the hidden ones as the model expects them.
    """

    loss: torch.Tensor
    completed: torch.Tensor


class PassMemory(threading.local):
    """The passes over the images that were evaluated last, in each thread.

    A pass is used again only for a batch of the same evaluations. So the losses of a reading are the same bytes
    whether or not another one came before it.
    """

    def __init__(self) -> None:
        self.encoded: Any = None
        self.passes: dict[tuple, Pass] = {}

    def recall(
        self, encoded: Any, names: Sequence[str], draws: Draws, batch: Batch, predict: Callable[[], Pass]
    ) -> Pass:
        """The pass of a batch: remembered, or predicted and then remembered.

        Parameters
        ----------
        encoded, names, draws, batch
            As for `generative.GenerativeModel._evaluate_batch`. Other encoded images take the place of those before.
        predict : callable
            Without arguments.
        """
        if encoded is not self.encoded:
            self.encoded, self.passes = encoded, {}
        key = _key(names, draws, batch)
        if key not in self.passes:
            self.passes[key] = predict()
        return self.passes[key]


def _key(names: Sequence[str], draws: Draws, batch: Batch) -> tuple:
    """What a pass over encoded images depends on: the draws themselves, whose places in `draws` change by stage."""
    shown, noised = batch.noised_images(names, draws)
    numbers = (noised.number, noised.seed, noised.sigma, batch.noised, batch.image, batch.category)
    return (*shown, *(values.tobytes() for values in numbers))
