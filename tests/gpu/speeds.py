"""Evaluations per second of the real networks' shapes over batch sizes, compared with the bare network."""

import tempfile
from math import ceil
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import torch

import card
import golden_losses
import operations
import real_shapes
import throughput
from generative_classifiers import models
from generative_classifiers.models.base import exact_convolutions
from generative_classifiers.study.prompts import prompts_of

BATCHES, ROUNDS, DRAWS = 3, 3, 4
SIZES = {
    "stable-diffusion-1-4": (16, 32, 64, 128),
    "stable-diffusion-xl": (4, 8, 16, 32),
    "stable-diffusion-3-5-medium": (16, 32, 64),
    "deepfloyd-if-1": (16, 64, 128),
    "amused-512": (32, 64, 128),
    "janus-pro-1b": (16, 32, 64),
}
# The small model that takes the place of each.
SMALL = {
    "stable-diffusion-1-4": "diffusion, noise prediction",
    "stable-diffusion-xl": "diffusion, stable-diffusion-xl",
    "stable-diffusion-3-5-medium": "diffusion, stable-diffusion-3",
    "deepfloyd-if-1": "diffusion, deepfloyd",
    "amused-512": "masked, likelihood",
    "janus-pro-1b": "autoregressive, janus",
}
SMALL_SIZES = (2, 4)


class Bench(NamedTuple):
    """Where and at what size things are measured.

    Attributes
    ----------
    device : torch.device
    small : bool
        Whether small models take the place of the real shapes.
    """

    device: torch.device
    small: bool

    def load(self, name, compile=False):
        """The model of a shape, with random weights."""
        if not self.small:
            return real_shapes.load(name, self.device, compile=compile)
        with tempfile.TemporaryDirectory() as root:
            row, path = golden_losses.row_of(SMALL[name], Path(root))
            prompts = prompts_of(golden_losses.CATEGORIES)
            return models.load(name, row, prompts, path=path, device=str(self.device), compile=compile)

    def sizes(self, name):
        """Batch sizes to try."""
        return SMALL_SIZES if self.small else SIZES[name]

    def operations(self, name, model):
        """Floating-point operations of an evaluation; those of a small model leave out its attention on a CPU."""
        return operations.counted(throughput.bare(model, 1)) if self.small else operations.of_shape(name)


def some_images(model, count):
    """Random images and their names."""
    pixels = np.random.default_rng(0).integers(0, 256, (count, model.resolution, model.resolution, 3), np.uint8)
    return pixels, [f"{place}.png" for place in range(count)]


def speeds(bench, name, budget, compile=False, sizes=None):
    """Speed and memory of a shape at each batch size, and how long images take to encode.

    Parameters
    ----------
    bench : Bench
    name : str
    budget : measure.Budget
        No further batch size is begun when it is spent.
    compile : bool
    sizes : sequence of int, optional
    """
    model = bench.load(name, compile)
    gflop = bench.operations(name, model) / 1e9
    found = {"gflop": gflop, "parameters": sum(weight.numel() for weight in model.network.parameters())}
    found["images_encoded_per_second"] = encoding(model, bench.device)
    found["batches"] = []
    for size in sizes or bench.sizes(name):
        if budget.left() <= 0:
            found["stopped"] = f"the time was spent before batches of {size}"
            break
        found["batches"].append(at_size(model, size, gflop, bench.device))
    return found


def encoding(model, device):
    """Images per second that are encoded."""
    images, _ = some_images(model, 2)
    with exact_convolutions():
        for _ in range(2):  # the first warms up
            found = throughput.speed(lambda: model._encode(images), len(images), device.type)
    return found


def at_size(model, size, gflop, device):
    """Evaluations per second with batches of a size; the images are encoded already."""
    card.forget_peak(device)
    try:
        return {"batch_size": size} | _rounds(model, size, gflop, device)
    except torch.OutOfMemoryError:
        return {"batch_size": size, "error": "out of memory"}


def _rounds(model, size, gflop, device):
    model.batch_size, draws = size, model.draws(DRAWS, 0)
    each = len(draws) * len(model.categories)
    images, names = some_images(model, ceil(BATCHES * size / each))
    predict = throughput.bare(model, size)

    def bare():
        for _ in range(BATCHES):
            predict()

    tasks = {
        "bare": (bare, BATCHES * size),
        "scoring": (lambda: model.evaluate(images, names, draws), each * len(images)),
    }
    rounds = []
    for _ in range(1 + ROUNDS):  # the first warms up
        rounds.append({task: throughput.speed(*work, device.type) for task, work in tasks.items()})
    medians = {task: median(one[task] for one in rounds[1:]) for task in tasks}
    rate, best = medians["scoring"] * gflop * 1e9, card.peak(device)
    return {
        "bare_per_second": medians["bare"],
        "evaluations_per_second": medians["scoring"],
        "ratio": median(one["scoring"] / one["bare"] for one in rounds[1:]),
        "tflops": rate / 1e12,
        "share_of_peak": rate / best if best else None,
        "peak_memory": card.peak_memory(device),
    }
