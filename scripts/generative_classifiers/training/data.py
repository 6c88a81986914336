"""What networks are trained on, in steps: every batch is known by its number, whoever loads it and whenever."""

from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch.utils.data import DataLoader, Dataset

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.models.base import signed
from generative_classifiers.models.classifiers.diffusion_noise import DiffusionNoise
from generative_classifiers.stimuli.miniature.drawing_set import batch, drawing_set


class Source(NamedTuple):
    """What a network is trained on.

    Attributes
    ----------
    training : torch.utils.data.Dataset
        At (step, share): a device's share of a step's images, float32 (image, 3, y, x), and categories, int64 (image).
    validation : torch.utils.data.Dataset or None
        The same by the batch's number, as many as its length.
    steps_per_epoch : int or None
        None: there is no end of new images.
    """

    training: Dataset
    validation: Dataset | None = None
    steps_per_epoch: int | None = None


def seed_of(*key):
    """A seed for PyTorch from names, as `noise.generator` takes them."""
    return int(generator(*key).integers(2**63))


@contextmanager
def seeded(*key):
    """PyTorch's random numbers on the CPU from names, and not from what was drawn before."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed_of(*key))
        yield


def loader(dataset, places, workers):
    """Batches in the order of their places, loaded ahead by workers; without workers, when they are asked for.

    Parameters
    ----------
    dataset : torch.utils.data.Dataset
    places : iterable
    workers : int

    Returns
    -------
    torch.utils.data.DataLoader
    """
    pinned = torch.cuda.is_available()
    return DataLoader(dataset, sampler=places, batch_size=None, num_workers=workers, pin_memory=pinned)


class Rendered(Dataset):
    """Endless batches of the world's training drawings.

    Parameters
    ----------
    world : dict
        size and texture_contrast of the images.
    recipe : dict
        batch_size (of a device), devices, seed.
    noise : {None, "sqrt_alphas", "alphas"}
        Diffusion noise on every image.
    """

    def __init__(self, world, recipe, noise=None):
        self.world, self.recipe = world, recipe
        self.drawings = drawing_set("training")
        self.noise = DiffusionNoise(noise) if noise else torch.nn.Identity()

    def __getitem__(self, place):
        (step, share), recipe = place, self.recipe
        n, devices = recipe.batch_size, recipe.devices
        images, categories = batch(self.drawings, step, n * devices, recipe.seed, self.world)
        mine = slice(share * n, (share + 1) * n)
        with seeded("diffusion noise", recipe.seed, step, share):
            return self.noise(signed(images[mine])), torch.from_numpy(categories[mine])
