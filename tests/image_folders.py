"""Small image folders, laid out as ImageNet's, and a network to be trained on them."""

import colorsys
from pathlib import Path

import numpy as np
from PIL import Image

from generative_classifiers.study.categories import CATEGORIES
from typed_rows import observer

TRAINING = {
    "data": "imagenet", "epochs": 3, "batch_size": 8, "devices": 2, "optimizer": "sgd", "momentum": 0.9,
    "learning_rate": 0.1, "weight_decay": 1e-4, "schedule": "cosine", "warm_up": 0.4, "seed": 0,
}  # fmt: skip
ROW = {
    "family": "discriminative", "source": "training", "library": "own", "network": "small_cnn", "classes": 16,
    "resolution": 16, "training": TRAINING,
}  # fmt: skip


def learner(training=None, **row):
    """The typed row of a network to be trained; `training` has changes of its recipe."""
    return observer(**ROW | row | {"training": TRAINING | (training or {})})


def image_folder(root, train=6, val=2):
    """Images of 24 x 20 pixels, each category in a colour of its own; 6 steps an epoch for `ROW`."""
    rng = np.random.default_rng(0)
    for k, category in enumerate(CATEGORIES):
        colour = np.array(colorsys.hsv_to_rgb(k / len(CATEGORIES), 0.9, 0.9))
        for split, count in (("train", train), ("val", val)):
            folder = Path(root) / split / category
            folder.mkdir(parents=True)
            for i in range(count):
                pixels = 255 * np.clip(colour + rng.normal(0, 0.05, (20, 24, 3)), 0, 1)
                Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{category}_{i}.{'png' if i else 'JPEG'}")
    return Path(root)
