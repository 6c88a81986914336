"""Classifiers: the loss of a category is the negative log of its probability."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from math import log

import numpy as np
import torch

from generative_classifiers.draws.noise import gaussian
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.random_numbers import generator
from generative_classifiers.models.base import DTYPES, Model
from generative_classifiers.models.classifiers.diffusion_noise import diffusion_noise
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.imagenet_classes import members
from generative_classifiers.study.observers import IMAGENET_CLASSES


class Classifier(Model):
    """A network with logits for classes. One evaluation gives the losses of all categories.

    Parameters
    ----------
    observer : str
    network : torch.nn.Module
        Maps images (image, 3, y, x) to logits (image, class).
    classes : dict of str to list of int
        By category. Its probability is the mean over its classes.
    preprocessing : models.classifiers.preprocessing.Preprocessing
    runtime : models.base.Runtime
    identity : dict
        As for `models.base.Model`.
    packages : tuple of str
        Distributions whose versions the logits depend on.
    noise : {None, "sqrt_alphas", "alphas"}
        Diffusion noise on the images that the network sees, added after the preprocessing.
    """

    def __init__(self, observer, network, classes, preprocessing, runtime, identity, packages, noise=None):
        network = network.eval().to(runtime.device, DTYPES[runtime.dtype])
        settings = {"preprocessing": asdict(preprocessing), "noise": noise}
        prompts = {category: category for category in classes}
        super().__init__(observer, network, prompts, preprocessing.side, runtime, settings | identity)
        self.classes, self.preprocessing, self.noise, self.packages = classes, preprocessing, noise, packages

    def _evaluate(self, images, names, draws, wanted, kept):
        evaluated = np.flatnonzero(wanted.any(axis=(1, 2)))
        inputs = self._inputs(images[evaluated], [names[image] for image in evaluated], draws)
        parts = inputs.split(self.batch_size)
        logits = torch.cat([self.network(part.to(self.device, self.dtype)) for part in parts])
        loss = np.empty(wanted.shape, np.float32)
        loss[evaluated] = category_losses(logits, self.classes.values()).cpu().numpy()[:, :, None]
        return loss, None

    def _inputs(self, images, names, draws):
        """What the network sees of images, (image, 3, y, x). An image's noise is the same whenever it is asked for."""
        inputs = self.preprocessing(images)
        if self.noise is None:
            return inputs
        seed = draws.seed.item()
        level = torch.tensor([generator("alpha", name, seed).random() for name in names], dtype=torch.float32)
        noise = np.stack([gaussian(name, 0, seed, tuple(inputs.shape[1:])) for name in names])
        return diffusion_noise(inputs, level, torch.from_numpy(noise), self.noise)


def category_losses(logits: torch.Tensor, groups: Iterable[Sequence[int]]) -> torch.Tensor:
    """Negative log of the mean probability of each category's classes.

    Parameters
    ----------
    logits : torch.Tensor
        (image, class).
    groups : iterable of list of int
        The classes of each category.

    Returns
    -------
    torch.Tensor
        float32 (image, category).

    Examples
    --------
    >>> category_losses(torch.zeros(1, 4), [[0], [1, 2, 3]]).exp()
    tensor([[4., 4.]])
    """
    log_probability = logits.double().log_softmax(1)
    losses = [log(len(group)) - log_probability[:, group].logsumexp(1) for group in groups]
    return torch.stack(losses, 1).float()


def check_categories(observer: str, categories: Iterable[str]) -> None:
    """Raise InputError for a category that is not one of the 16."""
    unknown = [category for category in categories if category not in CATEGORIES]
    if unknown:
        raise InputError(f"{observer}: knows {', '.join(CATEGORIES)}; not {', '.join(unknown)}")


def classes_of(observer: str, count: int, categories: Iterable[str]) -> Mapping[str, list[int]]:
    """The classes of each category.

    Parameters
    ----------
    observer : str
        For messages.
    count : int
        Classes of the network: the 16 categories, or the 1000 classes of ImageNet.
    categories : iterable of str
        Some of the 16.

    Raises
    ------
    InputError
        The network has another number of classes.
    """
    if count == len(CATEGORIES):
        return {category: [CATEGORIES.index(category)] for category in categories}
    if count == IMAGENET_CLASSES:
        return {category: members()[category] for category in categories}
    raise InputError(f"{observer}: has {count} classes, expected the {len(CATEGORIES)} categories or ImageNet's")
