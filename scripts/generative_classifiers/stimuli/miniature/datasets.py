"""The miniature's datasets: held-out drawings, rendered and distorted."""

import numpy as np
import xarray as xr

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.stimuli.distortions import distort
from generative_classifiers.stimuli.miniature import renderers
from generative_classifiers.stimuli.miniature.drawing_set import drawing_set, pick
from generative_classifiers.stimuli.miniature.scenes import concatenate, layers, quantise, sample
from generative_classifiers.study.benchmark_names import CUE_CONFLICT, texture_coords
from generative_classifiers.study.categories import CATEGORIES

_RENDERERS = {
    "sketch": renderers.sketch,
    "stylized": renderers.stylized,
    "edge": renderers.edge,
    "silhouette": renderers.silhouette,
    CUE_CONFLICT: renderers.cue_conflict,
}


def count(dataset, row, world):
    """Number of a dataset's images; parameters as for `render`."""
    images = world.images.cue_conflict if dataset == CUE_CONFLICT else getattr(world.images, row.kind)
    return images * len(row.conditions)


def render(dataset, row, world):
    """Render one dataset.

    Parameters
    ----------
    dataset : str
    row : study.datasets.Dataset
    world : study.settings.World

    Returns
    -------
    xarray.Dataset
        Stimuli. No image is in two conditions, as in the benchmark.
    """
    conditions = row.conditions
    names, categories = _cast(dataset, count(dataset, row, world))
    rngs = [generator("stimuli", world.seed, dataset, name) for name in names]
    drawings = drawing_set("held_out")
    which = np.concatenate([pick(drawings, [k], rng) for k, rng in zip(categories, rngs, strict=True)])
    scene = concatenate([sample(rng, 1) for rng in rngs])
    contrast = np.array([rng.uniform(*world.texture_contrast) for rng in rngs])
    coords = texture_coords(dataset, names)
    textures = coords["texture_category"][1] if coords else np.array(CATEGORIES)[categories]

    parts = layers(drawings.planes, which, textures, scene, world.size)
    images = quantise(_RENDERERS.get(dataset, renderers.plain)(parts, scene, contrast, world))
    condition = np.repeat(conditions, len(names) // len(conditions))
    if row.kind == "parametric":
        for level in conditions:
            chosen = condition == level
            images[chosen] = distort(images[chosen], dataset, level, list(names[chosen]), world.seed)
    return xr.Dataset(
        {"image": (("image", "y", "x", "channel"), images)},
        coords={
            "name": ("image", names),
            "category": ("image", np.array(CATEGORIES)[categories]),
            "condition": ("image", condition),
            **coords,
        },
    )


def _cast(dataset, total):
    """Names and categories of a dataset's images, each category as often in every run of 16 (240 in cue-conflict)."""
    number = np.arange(total)
    if dataset == CUE_CONFLICT:
        # All ordered pairs of different categories, once per 240 images.
        shapes, textures = np.nonzero(~np.eye(len(CATEGORIES), dtype=bool))
        pair, repeat = number % len(shapes), number // len(shapes) + 1
        shape = shapes[pair]
        pairs = zip(shape, textures[pair], repeat, strict=True)
        return np.array([f"{CATEGORIES[s]}{n}-{CATEGORIES[t]}{n}.png" for s, t, n in pairs]), shape
    category, repeat = number % len(CATEGORIES), number // len(CATEGORIES) + 1
    return np.array([f"{CATEGORIES[k]}{n}.png" for k, n in zip(category, repeat, strict=True)]), category
