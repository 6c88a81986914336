"""What a network is trained on, if it is a folder of images: `train/<class>/…` and `val/<class>/…`, as ImageNet's."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset
from torchvision.datasets import ImageFolder
from torchvision.datasets.folder import IMG_EXTENSIONS
from torchvision.transforms import v2

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.random_numbers import generator
from generative_classifiers.models.classifiers.diffusion_noise import DiffusionNoise
from generative_classifiers.training.data import Source, seeded

SPLITS = ("train", "val")
# Of the side of the image that is shown in validation, the larger one that it is cut out of: 256 of 224 pixels.
MARGIN = 256 / 224


def check(root, classes):
    """Look whether a folder is what a network is to be trained on, before anything that takes long.

    Parameters
    ----------
    root : Path or str
        With `train/<class>/` and `val/<class>/`.
    classes : list of str
        Folders' names, sorted: the order of the network's answers.

    Raises
    ------
    InputError
        That names the folder and says what was expected.
    """
    for split in SPLITS:
        folder = Path(root) / split
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder, expected {split}/<class>/… of {len(classes)} classes")
        found = {entry.name for entry in folder.iterdir() if entry.is_dir()}
        missing, unknown = sorted({*classes} - found), sorted(found - {*classes})
        if missing or unknown:
            faults = [f"lacks {len(missing)} of them, such as {missing[0]}"] if missing else []
            faults += [f"has {len(unknown)} others, such as {unknown[0]}"] if unknown else []
            expected = f"expected the folders of {len(classes)} classes, {classes[0]} to {classes[-1]}"
            raise InputError(f"{folder}: {expected}; it {' and '.join(faults)}")
        examples = [next(filter(_is_image, (folder / name).iterdir()), None) for name in classes]
        if None in examples:
            empty = folder / classes[examples.index(None)]
            raise InputError(f"{empty}: no images, expected {', '.join(IMG_EXTENSIONS)}")
        read(examples[0])


def _is_image(path):
    return path.suffix.lower() in IMG_EXTENSIONS


def read(path):
    """An RGB image of a file; InputError if it is none."""
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except Exception as error:  # Pillow's readers have errors of their own
        raise InputError(f"{path}: cannot be read as an image ({error})") from error


def image_folder(root, recipe, look, noise=None):
    """What a network is trained on: crops of random place, size and side, and validation on central crops.

    Every image's randomness comes from its name, the epoch and the seed.

    Parameters
    ----------
    root : Path or str
        As for `check`.
    recipe : dict
        batch_size (of a device), devices, seed.
    look : study.observers.ClassifierObserver
        How the network sees images: resolution (pixels along a side), mean and std (of the channels in [0, 1]).
    noise : {None, "sqrt_alphas", "alphas"}
        Diffusion noise on what the network sees, in training and validation.

    Returns
    -------
    Source
    """
    size, mean, std = look.resolution, look.mean, look.std
    shown = [v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(mean, std)]
    shown += [DiffusionNoise(noise)] if noise else []
    cropped = [v2.RandomResizedCrop(size), v2.RandomHorizontalFlip()]
    central = [v2.Resize(round(size * MARGIN)), v2.CenterCrop(size)]
    training = Crops(root, recipe, v2.Compose(cropped + shown))
    validation = Validation(root, recipe, v2.Compose(central + shown))
    if not training.steps_per_epoch:
        raise InputError(f"{root}: {len(training.labels)} training images, expected {training.images_per_step} a step")
    return Source(training, validation, training.steps_per_epoch)


class _Images(Dataset):
    """Images of a split by their numbers, each under a random transform of its own."""

    def __init__(self, root, split, recipe, transform):
        self.folder, self.recipe, self.transform = Path(root) / split, recipe, transform
        samples = ImageFolder(self.folder).samples
        # Arrays: workers would copy a million Python objects by looking at them.
        self.names = np.array([Path(path).relative_to(self.folder).as_posix() for path, _ in samples])
        self.labels = torch.tensor([label for _, label in samples])

    def load(self, numbers, *key):
        """Images (image, 3, y, x) and labels (image), random by the key and their names."""
        return torch.stack([self._seen(self.names[number], *key) for number in numbers]), self.labels[numbers]

    def _seen(self, name, *key):
        with seeded("image", self.recipe.seed, *key, name):
            return self.transform(read(self.folder / name))


class Crops(_Images):
    """Training images: a new order and new crops in every epoch, of which the last, incomplete step is left out.

    Attributes
    ----------
    images_per_step, steps_per_epoch : int
    """

    def __init__(self, root, recipe, transform):
        super().__init__(root, "train", recipe, transform)
        self.images_per_step = recipe.batch_size * recipe.devices
        self.steps_per_epoch = len(self.labels) // self.images_per_step
        self._order = lru_cache(1)(self._shuffled)

    def _shuffled(self, epoch):
        return generator("order", self.recipe.seed, epoch).permutation(len(self.labels))

    def __getitem__(self, place):
        step, share = place
        epoch, step = divmod(step, self.steps_per_epoch)
        start = step * self.images_per_step + share * self.recipe.batch_size
        return self.load(self._order(epoch)[start : start + self.recipe.batch_size], "epoch", epoch)


class Validation(_Images):
    """Validation images, in batches."""

    def __init__(self, root, recipe, transform):
        super().__init__(root, "val", recipe, transform)

    def __len__(self):
        return -(-len(self.labels) // self.recipe.batch_size)

    def __getitem__(self, number):
        if number >= len(self):
            raise IndexError(number)
        numbers = range(len(self.labels))[number * self.recipe.batch_size :][: self.recipe.batch_size]
        return self.load([*numbers], "validation")
