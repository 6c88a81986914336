"""Training data by steps: a batch depends on its step's number, not on when or by which process it is loaded."""

from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch.utils.data import DataLoader, Dataset

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.models.classifiers.diffusion_noise import DiffusionNoise
from generative_classifiers.stimuli.miniature.drawing_set import batch, drawing_set
from generative_classifiers.stimuli.square_images import squares
from generative_classifiers.training.augmentation import augmented


class TrainingData(NamedTuple):
    """What a network is trained on.

    Attributes
    ----------
    training : torch.utils.data.Dataset
        At (step, share): one device's share of a step's images, float32 (image, 3, y, x), and their labels, int64
        (image).
    validation : torch.utils.data.Dataset or None
        Batches of the same kind, by their numbers.
    steps_per_epoch : int or None
        None if there is no end to the images.
    """

    training: Dataset
    validation: Dataset | None = None
    steps_per_epoch: int | None = None


def seed_of(*key):
    """A seed for PyTorch from a key, as `io.random_numbers.generator` takes it."""
    return int(generator(*key).integers(2**63))


@contextmanager
def seeded(*key):
    """A context in which PyTorch's random numbers on the CPU depend on a key, not on earlier ones."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed_of(*key))
        yield


def loader(dataset, keys, workers):
    """Load items of a dataset in the order of their keys.

    Parameters
    ----------
    dataset : torch.utils.data.Dataset
    keys : iterable
    workers : int
        Processes that load items ahead; with 0, an item is loaded when it is asked for.

    Returns
    -------
    torch.utils.data.DataLoader
    """
    pinned = torch.cuda.is_available()
    return DataLoader(dataset, sampler=keys, batch_size=None, num_workers=workers, pin_memory=pinned)


class DrawingBatches:
    """Endless batches of the world's training drawings, by steps.

    Parameters
    ----------
    world : study.settings.World
    size : int
        Images in a batch.
    seed : int
    resolution : int, optional
        Pixels along a side to which images are resized, instead of the world's.
    """

    def __init__(self, world, size, seed, resolution=None):
        self.world, self.size, self.seed = world, size, seed
        self.resolution = resolution or world.size
        self.drawings = drawing_set("training")

    def __call__(self, step):
        """Images, uint8 (image, y, x, channel), and categories, int (image), of a step."""
        images, categories = batch(self.drawings, step, self.size, self.seed, self.world)
        return squares(images, self.resolution), categories


class RenderedImages(Dataset):
    """`DrawingBatches` as the training data of a discriminative network.

    Parameters
    ----------
    world : study.settings.World
    recipe : study.recipes.Discriminative
    noise : {None, "sqrt_alphas", "alphas"}
        Diffusion noise on every image.
    resolution : int, optional
        Pixels along an image's side, instead of the world's.
    """

    def __init__(self, world, recipe, noise=None, resolution=None):
        self.recipe = recipe
        self.batches = DrawingBatches(world, recipe.batch_size * recipe.devices, recipe.seed, resolution)
        self.noise = DiffusionNoise(noise) if noise else torch.nn.Identity()

    def __getitem__(self, key):
        step, share = key
        images, categories = self.batches(step)
        part = slice(share * self.recipe.batch_size, (share + 1) * self.recipe.batch_size)
        with seeded("diffusion noise", self.recipe.seed, step, share):
            seen = augmented(images[part], self.recipe.augmentation)
            return self.noise(seen), torch.from_numpy(categories[part])
