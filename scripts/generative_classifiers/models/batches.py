"""Evaluations in batches, all of them full except the last."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from generative_classifiers.draws.levels import Draws
from generative_classifiers.models.devices import to_device


class Batch(NamedTuple):
    """Evaluations that a network makes at once.

    An image at a draw is a *noised image*, the same for all categories. The evaluations of a batch often share it.

    Attributes
    ----------
    draw, image, category : array
        int64 (evaluation,): the indices of each evaluation's draw, image and category.
    noised : array
        int64 (evaluation,): which of the batch's noised images each evaluation sees.
    first : array
        int64 (noised image,): the first evaluation that sees each noised image.
    """

    draw: np.ndarray
    image: np.ndarray
    category: np.ndarray
    noised: np.ndarray
    first: np.ndarray

    def to(self, device: torch.device) -> "Batch":
        """The same as tensors on a device."""
        return Batch(*(to_device(indices, device) for indices in self))

    def noised_images(self, names: Sequence[str], draws: Draws) -> tuple[list[str], Draws]:
        """Name and draw of each noised image, which its random numbers are keyed by.

        Parameters
        ----------
        names : sequence of str
            Of all images.
        draws : Draws
            All draws.

        Returns
        -------
        names : list of str
            (noised image,)
        draws : Draws
            (noised image,)
        """
        return [names[image] for image in self.image[self.first]], draws[self.draw[self.first]]


def evaluations(wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All evaluations in the order in which they are made: by draw, then by image, then by category.

    Parameters
    ----------
    wanted : numpy.ndarray
        bool (image, category, draw).

    Returns
    -------
    draw, image, category : numpy.ndarray
        int64 (evaluation,).
    """
    return wanted.transpose(2, 0, 1).nonzero()


def batches(wanted: np.ndarray, size: int) -> Iterator[Batch]:
    """Batches of evaluations, across draws, images and categories.

    Parameters
    ----------
    wanted : numpy.ndarray
        bool (image, category, draw).
    size : int
        Evaluations in a batch.

    Yields
    ------
    Batch

    Examples
    --------
    >>> wanted = np.ones((1, 3, 2), bool)
    >>> [batch.draw.tolist() for batch in batches(wanted, 4)]
    [[0, 0, 0, 1], [1, 1]]
    """
    draw, image, category = evaluations(wanted)
    noised_image = draw * len(wanted) + image
    for start in range(0, len(draw), size):
        part = slice(start, start + size)
        _, first, noised = np.unique(noised_image[part], return_index=True, return_inverse=True)
        yield Batch(draw[part], image[part], category[part], noised, first)


class LastResultCache(threading.local):
    """A function of images that remembers its last result, in each thread.

    The same images are often evaluated in several stages, and encoding them takes long.

    Parameters
    ----------
    function : callable
        Of an array. The array must not be changed between calls.
    """

    def __init__(self, function: Callable[[np.ndarray], Any]) -> None:
        self.function, self.images, self.result = function, None, None

    def __call__(self, images: np.ndarray) -> Any:
        """The function's result."""
        if images is not self.images:
            self.images, self.result = images, self.function(images)
        return self.result
