"""How many images are loaded per second, and how many a network is trained on.

The images are JPEG files of 500 x 375 pixels, the usual size of ImageNet's. Loading means reading, cropping, flipping
and diffusion noise, by a number of workers. A step is a forward pass, a backward pass and the optimizer, on images in
memory.

Usage: python tests/benchmarks/training.py [--network resnet50] [--workers 0 1 2] [--batch-size 64] [--steps 5]
       [--device auto] [--dtype bfloat16]
"""
# ruff: noqa: E402, since the library may not be installed

import argparse
import itertools
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]

from generative_classifiers.models.loading import networks
from generative_classifiers.training.data import loader
from generative_classifiers.training.discriminative import Trainer
from generative_classifiers.training.image_folder import image_folder
from typed_rows import observer

SIZE = (375, 500)  # y, x
CLASSES = 4
RECIPE = {"data": "imagenet", "optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.9, "weight_decay": 1e-4}
RECIPE |= {"schedule": "cosine", "steps": 10**6, "seed": 0}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--network", default="resnet50", help="of torchvision")
    options.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2])
    options.add_argument("--batch-size", type=int, default=64)
    options.add_argument("--steps", type=int, default=5)
    options.add_argument("--device", default="auto")
    options.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    given = options.parse_args()
    torch.set_num_threads(1)
    recipe = RECIPE | {"batch_size": given.batch_size, "dtype": given.dtype}
    network = {"source": "training", "library": "torchvision", "network": given.network, "noise": "sqrt_alphas"}
    row = observer(family="discriminative", **network, training=recipe)
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), given.batch_size)
        source = image_folder(folder, row)
        for workers in given.workers:
            print(f"{loading(source, given, workers):8.1f} images/s loaded by {workers} workers", flush=True)
        print(f"{training(source, row, given):8.1f} images/s trained on: {given.network}, {given.dtype}")


def make(folder, count):
    """Smooth random images, whose files are about as large as those of photographs."""
    rng = np.random.default_rng(0)
    for split, number in itertools.product(("train", "val"), range(count)):
        path = folder / split / f"class{number % CLASSES}" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse = Image.fromarray(rng.integers(0, 256, (SIZE[0] // 5, SIZE[1] // 5, 3), dtype=np.uint8))
        coarse.resize(SIZE[::-1], Image.Resampling.BICUBIC).save(path, quality=90)


def loading(source, given, workers):
    """Images per second from the second batch on, since workers take time to start."""
    batches = iter(loader(source.training, ((step, 0) for step in range(given.steps + 1)), workers))
    next(batches)
    start = time.perf_counter()
    for _ in batches:
        pass
    return given.steps * given.batch_size / (time.perf_counter() - start)


def training(source, row, given):
    """Images per second, from the second step on."""
    trainer, batch = Trainer(networks.build("benchmark", row), row.training, given.device), source.training[0, 0]
    trainer.advance(iter([batch])).item()
    start = time.perf_counter()
    for _ in range(given.steps):
        total = trainer.advance(iter([batch]))
    total.item()  # waits for a GPU to finish
    return given.steps * given.batch_size / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
