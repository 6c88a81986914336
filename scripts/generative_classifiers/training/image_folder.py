"""Training data in a folder of images, laid out as ImageNet's: `train/<class>/…` and `val/<class>/…`."""

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
from generative_classifiers.training.data import TrainingData, seeded

SPLITS = ("train", "val")
# In validation, how much larger than the crop an image is before its centre is cropped: 256 for 224 pixels.
MARGIN = 256 / 224


def check(root, classes):
    """Check that a folder has the images of a training, before anything that takes long.

    Parameters
    ----------
    root : Path or str
        With `train/<class>/` and `val/<class>/`.
    classes : list of str
        Names of the classes' folders, sorted: the order of the network's logits.

    Raises
    ------
    InputError
        A folder or its images are missing or not those expected.
    """
    for split in SPLITS:
        folder = Path(root) / split
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder, expected {split}/<class>/… of {len(classes)} classes")
        _check_classes(folder, classes)
        for name in classes:
            if next(_images_in(folder / name), None) is None:
                raise InputError(f"{folder / name}: no images, expected {', '.join(IMG_EXTENSIONS)}")
        read(next(_images_in(folder / classes[0])))


def _check_classes(folder, classes):
    """Raise InputError unless a folder has exactly the folders of the classes."""
    found = {entry.name for entry in folder.iterdir() if entry.is_dir()}
    absent, unknown = sorted(set(classes) - found), sorted(found - set(classes))
    faults = []
    if absent:
        faults.append(f"lacks {len(absent)} of them, such as {absent[0]}")
    if unknown:
        faults.append(f"has {len(unknown)} others, such as {unknown[0]}")
    if faults:
        expected = f"expected the folders of {len(classes)} classes, {classes[0]} to {classes[-1]}"
        raise InputError(f"{folder}: {expected}; it {' and '.join(faults)}")


def _images_in(folder):
    return (path for path in folder.iterdir() if path.suffix.lower() in IMG_EXTENSIONS)


def read(path):
    """An image file in RGB; InputError if it cannot be read."""
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except Exception as error:  # Pillow's readers have errors of their own
        raise InputError(f"{path}: cannot be read as an image ({error})") from error


def image_folder(root, row):
    """Training data of a folder: random crops, mirrored at random, and validation on central crops.

    The randomness of an image depends on its name, the epoch and the seed.

    Parameters
    ----------
    root : Path or str
        As for `check`.
    row : study.observers.TrainedObserver
        Its recipe, and how its network sees images: resolution, mean and standard deviation of the channels, diffusion
        noise (in validation too).

    Returns
    -------
    training.data.TrainingData

    Raises
    ------
    InputError
        There are fewer training images than a step needs.
    """
    crop = [v2.RandomResizedCrop(row.resolution), v2.RandomHorizontalFlip()]
    central_crop = [v2.Resize(round(row.resolution * MARGIN)), v2.CenterCrop(row.resolution)]
    as_seen = [v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(row.mean, row.std)]
    if row.noise:
        as_seen.append(DiffusionNoise(row.noise))
    training = TrainingImages(root, row.training, v2.Compose(crop + as_seen))
    validation = ValidationImages(root, row.training, v2.Compose(central_crop + as_seen))
    if not training.steps_per_epoch:
        raise InputError(f"{root}: {len(training.labels)} training images, expected {training.images_per_step} a step")
    return TrainingData(training, validation, training.steps_per_epoch)


class _Images(Dataset):
    """Images of a split, by their indices. Each goes through a random transform of its own."""

    def __init__(self, root, split, recipe, transform):
        self.folder, self.recipe, self.transform = Path(root) / split, recipe, transform
        samples = ImageFolder(self.folder).samples
        # Arrays, since worker processes would copy a million Python objects when they look at them.
        self.names = np.array([Path(path).relative_to(self.folder).as_posix() for path, _ in samples])
        self.labels = torch.tensor([label for _, label in samples])

    def load(self, indices, *key):
        """Images (image, 3, y, x) and labels (image). Their randomness depends on the key and their names."""
        images = [self._transformed(self.names[index], *key) for index in indices]
        return torch.stack(images), self.labels[indices]

    def _transformed(self, name, *key):
        with seeded("image", self.recipe.seed, *key, name):
            return self.transform(read(self.folder / name))


class TrainingImages(_Images):
    """Training images: in each epoch in a new order and with new crops. An incomplete last step is left out.

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

    def __getitem__(self, key):
        step, share = key
        epoch, step_of_epoch = divmod(step, self.steps_per_epoch)
        start = step_of_epoch * self.images_per_step + share * self.recipe.batch_size
        return self.load(self._order(epoch)[start : start + self.recipe.batch_size], "epoch", epoch)


class ValidationImages(_Images):
    """Validation images, in batches."""

    def __init__(self, root, recipe, transform):
        super().__init__(root, "val", recipe, transform)

    def __len__(self):
        return -(-len(self.labels) // self.recipe.batch_size)  # rounded up

    def __getitem__(self, number):
        if number >= len(self):
            raise IndexError(number)
        start = number * self.recipe.batch_size
        stop = min(start + self.recipe.batch_size, len(self.labels))
        return self.load(list(range(start, stop)), "validation")
