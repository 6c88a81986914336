"""Discriminative networks: the loss of a category is the negative log of its probability."""

from dataclasses import asdict
from math import log

import numpy as np
import torch

from generative_classifiers.draws.levels import single
from generative_classifiers.draws.noise import gaussian
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.random_numbers import generator
from generative_classifiers.models.base import DTYPES, choose_device
from generative_classifiers.models.classifiers.diffusion_noise import diffusion_noise
from generative_classifiers.models.classifiers.preprocessing import Preprocessing
from generative_classifiers.models.loading import networks
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.imagenet_classes import members
from generative_classifiers.study.observers import IMAGENET_CLASSES


def load(observer, row, prompts, path, device, batch_size, mirror=None):
    """Load a network: `models.load`.

    Parameters
    ----------
    observer : str
    row : study.observers.DiscriminativeObserver
    prompts : dict of str to str
        Its keys are the categories, some of the 16.
    path : Path or None
    device : str
    batch_size : int
    mirror : str, optional

    Returns
    -------
    DiscriminativeModel
    """
    check_categories(observer, prompts)
    classes = classes_of(observer, row.classes or IMAGENET_CLASSES, prompts)
    settings = {"noise": row.noise, "batch_size": batch_size, "dtype": row.dtype}
    network, identity = networks.load(observer, row, path, mirror)
    model = DiscriminativeModel(network, classes, choose_device(device), Preprocessing.of(row), **settings)
    model.identity |= identity
    model.packages = networks.packages(row)
    return model


def check_categories(observer, categories):
    """Raise InputError for a category that is none of the 16."""
    unknown = [category for category in categories if category not in CATEGORIES]
    if unknown:
        raise InputError(f"{observer}: knows {', '.join(CATEGORIES)}; not {', '.join(unknown)}")


def classes_of(observer, count, categories):
    """A network's classes of each category: itself, or those of ImageNet that belong to it."""
    if count == len(CATEGORIES):
        return {category: [CATEGORIES.index(category)] for category in categories}
    if count == IMAGENET_CLASSES:
        return {category: members()[category] for category in categories}
    raise InputError(f"{observer}: has {count} classes, expected the {len(CATEGORIES)} categories or ImageNet's")


class DiscriminativeModel:
    """A network with logits for classes, behind `models.base.Model`.

    Parameters
    ----------
    network : torch.nn.Module
        Maps images (image, 3, y, x) to logits (image, class).
    classes : dict of str to list of int
        By category; its probability is the mean over its classes.
    device : torch.device
    preprocessing : Preprocessing
    noise : {None, "sqrt_alphas", "alphas"}
        Diffusion noise that the network sees images through, added after the preprocessing.
    batch_size : int
    dtype : {"float32", "bfloat16", "float16"}
        Precision of the network.
    """

    reconstructs = False
    packages = ("torch",)

    def __init__(self, network, classes, device, preprocessing, noise=None, batch_size=64, dtype="float32"):
        self.network = network.eval().to(device, DTYPES[dtype])
        self.classes, self.categories, self.device = classes, tuple(classes), device
        self.preprocessing, self.resolution = preprocessing, preprocessing.side
        self.noise, self.batch_size, self.dtype = noise, batch_size, DTYPES[dtype]
        self.identity = {
            "family": "discriminative",
            "categories": list(classes),
            "classes": list(classes.values()),
            "preprocessing": asdict(preprocessing),
            "noise": noise,
            "batch_size": batch_size,
            "dtype": dtype,
        }

    def draws(self, count, seed, rule="golden"):
        """One draw without a time: `models.base.Model.draws`."""
        return single(seed)

    @torch.inference_mode()
    def evaluate(self, images, names, draws, reconstruct=None):
        """Evidence of a batch of images: `models.base.Model.evaluate`. There is nothing to reconstruct."""
        seen = self.preprocessing(images)
        if self.noise:
            seen = self._noised(seen, names, draws.seed.item())
        batches = seen.split(self.batch_size)
        logits = torch.cat([self.network(batch.to(self.device, self.dtype)) for batch in batches])
        return losses(logits, self.classes.values()).cpu().numpy()[:, :, None], None

    def _noised(self, images, names, seed):
        """Images through diffusion noise, each the same whenever it is asked for."""
        level = torch.tensor([generator("alpha", name, seed).random() for name in names], dtype=torch.float32)
        noise = np.stack([gaussian(name, 0, seed, tuple(images.shape[1:])) for name in names])
        return diffusion_noise(images, level, torch.from_numpy(noise), self.noise)


def losses(logits, groups):
    """Negative log of the mean probability of each group of classes.

    Parameters
    ----------
    logits : torch.Tensor
        (image, class).
    groups : iterable of list of int

    Returns
    -------
    torch.Tensor
        float32 (image, group).
    """
    logs = logits.double().log_softmax(1)
    return torch.stack([log(len(group)) - logs[:, group].logsumexp(1) for group in groups], 1).float()
