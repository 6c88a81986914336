"""What every model family offers, and what they share."""

from typing import Protocol

import numpy as np
import torch

from generative_classifiers.draws.levels import Draws
from generative_classifiers.io.errors import InputError

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class Model(Protocol):
    """A model that gives evidence for categories.

    Attributes
    ----------
    categories : tuple of str
    resolution : int
        Side in pixels of the images the model sees; others are cropped and resized to it.
    batch_size : int
        Evaluations at once; may be changed.
    device : torch.device
    network : torch.nn.Module
        What evaluations spend their time in.
    identity : dict
        All that its losses depend on beside images and draws, as JSON can hold it: family, weights, settings,
        prompts.
    reconstructs : bool
        Whether it paints images.
    packages : tuple of str
        Distributions whose versions its losses depend on.
    """

    categories: tuple[str, ...]
    resolution: int
    batch_size: int
    device: torch.device
    network: torch.nn.Module
    identity: dict
    reconstructs: bool
    packages: tuple[str, ...]

    def draws(self, count: int, seed: int, rule: str) -> Draws:
        """The first draws; a family without noise levels has one, whatever the count."""

    def evaluate(
        self,
        images: np.ndarray,
        names: list[str],
        draws: Draws,
        reconstruct: int | None = None,
        wanted: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Evidence of a batch of images.

        Parameters
        ----------
        images : numpy.ndarray
            uint8 (image, y, x, channel).
        names : list of str
            (image,): the noise depends on them.
        draws : Draws
        reconstruct : int, optional
            Number of the draw whose denoised images are wanted: of all categories.
        wanted : numpy.ndarray, optional
            bool (image, category, draw): what to evaluate; the loss of the rest is NaN. A family with a single
            draw is never asked for less than all.

        Returns
        -------
        loss : numpy.ndarray
            float32 (image, category, draw), lower is better.
        reconstruction : numpy.ndarray or None
            uint8 (image, category, y, x, channel).
        """

    def add_noise(self, images: np.ndarray, names: list[str], draw: Draws) -> np.ndarray:
        """What one draw leaves of images, for people to look at; only of a family that paints.

        Parameters
        ----------
        images, names
            As for `evaluate`.
        draw : Draws
            A single one.

        Returns
        -------
        numpy.ndarray
            uint8 (image, y, x, channel), of the model's resolution.
        """


def choose_device(name):
    """The torch.device of "auto" (a GPU if there is one), "cpu", "cuda", ..."""
    if name in (None, "auto"):
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:  # unknown, not there, or not compiled in
        raise InputError(f"device {name!r} cannot be used ({str(error).splitlines()[0]})") from error
    return torch.device(name)


def signed(images):
    """float32 (image, channel, y, x) in [-1, 1] of uint8 (image, y, x, channel)."""
    return torch.tensor(images).permute(0, 3, 1, 2).float() / 127.5 - 1


def unsigned(images):
    """uint8 (image, y, x, channel) of float (image, channel, y, x) in [-1, 1], clipped."""
    return ((images.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()
