"""Evaluations in batches, each of them full but the last."""

import threading
from typing import NamedTuple

import numpy as np
import torch


class Batch(NamedTuple):
    """Evaluations that a network makes at once.

    Attributes
    ----------
    draw, image, category : array
        int64 (evaluation,): places of what is evaluated.
    sample : array
        int64 (evaluation,): which of the batch's samples it is. An image seen through a draw is one, whatever the
        category.
    first : array
        int64 (sample,): where in the batch each comes first.
    """

    draw: np.ndarray
    image: np.ndarray
    category: np.ndarray
    sample: np.ndarray
    first: np.ndarray

    def to(self, device):
        """The same as tensors on a torch.device."""
        return Batch(*(torch.from_numpy(places).to(device, non_blocking=True) for places in self))

    def samples(self, names, draws):
        """Name, number of the draw and seed of each sample: what its randomness is keyed by."""
        draw, image = self.draw[self.first], self.image[self.first]
        return [(names[i], draws.number[d], draws.seed[d]) for i, d in zip(image, draw, strict=True)]


def batches(wanted, size):
    """Batches of all that is wanted: across draws, images and categories, and in this order.

    Parameters
    ----------
    wanted : numpy.ndarray
        bool (image, category, draw).
    size : int

    Yields
    ------
    Batch
    """
    places = np.argwhere(wanted.transpose(2, 0, 1))
    for start in range(0, len(places), size):
        part = places[start : start + size]
        draw, image, category = part.T
        new = (np.diff(part[:, :2], axis=0, prepend=-1) != 0).any(axis=1)
        yield Batch(draw, image, category, new.cumsum() - 1, np.flatnonzero(new))


def samples(count):
    """The batch of images seen through a single draw, each once."""
    return next(batches(np.ones((count, 1, 1), bool), count))


def everything(model, names, draws):
    """All of images, categories and draws, as `batches` takes it."""
    return np.ones((len(names), len(model.categories), len(draws)), bool)


class LastResultCache(threading.local):
    """A function of images that remembers, in each thread, what it last made: a shard may be asked about often.

    Parameters
    ----------
    function : callable
        Of an array, which is not changed between calls.
    """

    def __init__(self, function):
        self.function, self.images, self.found = function, None, None

    def __call__(self, images):
        """What the function makes of images."""
        if images is not self.images:
            self.images, self.found = images, self.function(images)
        return self.found
