"""Simulated decisions on the lab's own datasets, of observers with known channels and known shape biases."""

import numpy as np
import xarray as xr

from generative_classifiers.metrics.lab.channel import gaussian
from generative_classifiers.study.categories import CATEGORIES

NAMES = np.array(CATEGORIES)
FREQUENCIES = [0, 1, 2, 4, 8, 16, 32]
FAMILIES = {
    "s1": "simulated", "s2": "simulated", "pixel": "diffusion", "latent": "diffusion", "cnn": "discriminative",
    "noisy": "discriminative", "blind": "masked",
}  # fmt: skip
# Accuracy without noise; the channel's centre (log2), width (octaves) and peak; shape bias.
KNOWN = {
    "s1": (0.95, 3.0, 2.0, 0.6, 0.95), "s2": (0.95, 3.0, 2.0, 0.6, 0.95), "pixel": (0.9, 2.0, 3.0, 0.6, 0.7),
    "latent": (0.8, 2.5, 2.0, 0.5, 0.6), "cnn": (0.9, 4.2, 2.5, 0.6, 0.2), "noisy": (0.9, 3.4, 2.5, 0.6, 0.5),
    "blind": (0.25, 3.0, 2.0, 0.0, 0.5),
}  # fmt: skip


def decisions(response, true, condition, names, dataset, texture=None):
    """Decisions of all observers, (observer, image), as a study gathers them: sorted by the names of images."""
    order = np.argsort(names)
    per_image = {"name": np.array(names), "condition": np.array(condition), "true_category": NAMES[true]}
    per_image |= {} if texture is None else {"texture_category": NAMES[texture]}
    kinds = list(FAMILIES.values())
    of_observers = {
        "observer": list(FAMILIES),
        "family": ("observer", kinds),
        "is_reference": ("observer", [kind == "simulated" for kind in kinds]),
    }
    coords = of_observers | {"category": NAMES} | {key: ("image", one[order]) for key, one in per_image.items()}
    return xr.Dataset({"response": (("observer", "image"), response[:, order])}, coords, {"dataset": dataset})


def on_bands(images=1600, seed=0):
    """Answers under noise in bands, right with the probability that each observer's channel leaves."""
    rng, count = np.random.default_rng(seed), len(FREQUENCIES)
    true, frequency = np.tile(np.arange(images) % 16, count), np.repeat(FREQUENCIES, images)
    chance = []
    for accuracy, *channel, _ in KNOWN.values():
        loss = gaussian(np.log2(np.maximum(frequency, 0.1)), *channel)
        chance.append(np.where(frequency == 0, accuracy, accuracy - loss))
    right = rng.random((len(KNOWN), len(true))) < np.array(chance)
    response = np.where(right, true, (true + rng.integers(1, 16, right.shape)) % 16).astype(np.int8)
    names = [f"{NAMES[kind]}{number // 16 + 1}.png" for number, kind in enumerate(true)]
    return decisions(response, true, [f"{one}" for one in frequency], names, "frequency-bands")


def on_conflicts(biases, repeats=1, seed=0, dataset="cue-conflict", condition="all", first=1):
    """Answers to cue conflicts, each for the shape with the probability of the shape bias, else for the texture."""
    rng = np.random.default_rng(seed)
    shape, texture = (np.tile(one, repeats) for one in np.nonzero(~np.eye(16, dtype=bool)))
    by_shape = rng.random((len(biases), len(shape))) < np.array(biases)[:, None]
    response = np.where(by_shape, shape, texture).astype(np.int8)
    number = np.repeat(np.arange(first, first + repeats), 240)
    names = [f"{NAMES[s]}{n}-{NAMES[t]}{n}.png" for s, t, n in zip(shape, texture, number, strict=True)]
    return decisions(response, shape, [condition] * len(shape), names, dataset, texture)


def on_worlds(bias_of, contrasts=(0.2, 1), periods=(0.5, 1, 2)):
    """Answers to cue conflicts in several worlds; `bias_of(observer, contrast, period)` is the shape bias."""
    worlds = [(contrast, period) for period in periods for contrast in contrasts]
    parts = []
    for number, world in enumerate(worlds, start=1):
        condition = f"c{world[0]:g}-p{world[1]:g}"
        biases = [bias_of(name, *world) for name in FAMILIES]
        parts.append(on_conflicts(biases, 1, number, "cue-conflict-textures", condition, number))
    joined = xr.concat(parts, "image", data_vars="minimal", coords="minimal")
    return joined.isel(image=np.argsort(joined["name"].values))
