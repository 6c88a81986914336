"""Generative models: the loop over batches of evaluations that all of their families share."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch

from generative_classifiers.draws.levels import Draws
from generative_classifiers.models.base import Model, Runtime
from generative_classifiers.models.batches import Batch, LastResultCache, batches, evaluations
from generative_classifiers.models.devices import cast_weights
from generative_classifiers.models.pixels import pixels_to_tensor
from generative_classifiers.stimuli.square_images import squares


class GenerativeModel(Model):
    """A text-to-image model. One evaluation of its network gives the loss of one image, category and draw.

    Parameters
    ----------
    observer, network, prompts, resolution, runtime, identity
        As for `models.base.Model`.

    Attributes
    ----------
    encode : callable
        `_encode`, which remembers its last result.
    """

    def __init__(
        self,
        observer: str,
        network: torch.nn.Module,
        prompts: Mapping[str, str],
        resolution: int,
        runtime: Runtime,
        identity: dict[str, Any],
    ) -> None:
        super().__init__(observer, network, prompts, resolution, runtime, {"resolution": resolution, **identity})
        cast_weights(network, self.dtype)
        self.encode = LastResultCache(self._encode)

    @abstractmethod
    def _encode(self, images: np.ndarray) -> Any:
        """What evaluations need to know of uint8 images (image, y, x, channel) without noise, on the device."""

    @abstractmethod
    def _evaluate_batch(
        self, encoded: Any, names: Sequence[str], draws: Draws, batch: Batch, kept: np.ndarray
    ) -> tuple[torch.Tensor, np.ndarray | None]:
        """Losses of a batch, and the reconstructions of some of its evaluations.

        Parameters
        ----------
        encoded
            What `_encode` returned.
        names : sequence of str
            Of all images.
        draws : Draws
            All draws.
        batch : Batch
        kept : numpy.ndarray
            bool (evaluation,): the evaluations to be reconstructed.

        Returns
        -------
        loss : torch.Tensor
            float32 (evaluation,), on the device.
        reconstruction : numpy.ndarray or None
            (kept evaluation, …), as `reconstruction_layout` says.
        """

    def _evaluate(self, images, names, draws, wanted, kept):
        # Which evaluations share a batch depends on what is wanted. It moves losses by 1e-4 at most.
        evaluated = wanted | kept
        encoded = self.encode(images)
        losses, reconstructions = [], []
        with self._precision():
            for batch in batches(evaluated, self.batch_size):
                loss, reconstruction = self._evaluate_batch(encoded, names, draws, batch, kept[batch.draw])
                losses.append(loss)
                if reconstruction is not None:
                    reconstructions.append(reconstruction)
        draw, image, category = evaluations(evaluated)
        loss = np.empty(wanted.shape, np.float32)
        loss[image, category, draw] = torch.cat(losses).cpu().numpy()
        if not reconstructions:
            return loss, None
        reconstruction = np.concatenate(reconstructions)
        return loss, reconstruction.reshape(*wanted.shape[:2], *reconstruction.shape[1:])

    def _precision(self):
        """A context in which the network computes in its own precision."""
        if self.dtype == torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, self.dtype)

    def _full_precision(self):
        """A context in which everything is float32 again."""
        return torch.autocast(self.device.type, enabled=False)

    def _pixels(self, images: np.ndarray) -> torch.Tensor:
        """uint8 images (image, y, x, channel) as (image, 3, y, x) in [-1, 1], of the model's resolution."""
        return pixels_to_tensor(squares(images, self.resolution)).to(self.device)
