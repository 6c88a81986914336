"""The datasets of the miniature: held-out drawings, rendered and distorted."""

import numpy as np
import xarray as xr

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.stimuli.distortions import DISTORTIONS, distort
from generative_classifiers.stimuli.miniature import renderers
from generative_classifiers.stimuli.miniature.drawing_set import drawing_set, pick_drawings
from generative_classifiers.stimuli.miniature.scenes import concatenate, layers, quantise, sample_scenes, with_period
from generative_classifiers.study.benchmark_names import CUE_CONFLICT, CUE_CONFLICTS, TEXTURED_CONFLICTS, texture_coords
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.lab_conditions import texture_of

_RENDERERS = {
    "sketch": renderers.sketch,
    "stylized": renderers.stylized,
    "edge": renderers.edge,
    "silhouette": renderers.silhouette,
    CUE_CONFLICT: renderers.cue_conflict,
}


def render(dataset, row, world):
    """Render a dataset.

    Parameters
    ----------
    dataset : str
    row : study.datasets.Dataset
    world : study.settings.World

    Returns
    -------
    xarray.Dataset
        Stimuli. As in the benchmark, no image is shown in two conditions, but all conditions of a dataset that is not
        part of the benchmark show the same scenes. Those of cue-conflict-textures are the scenes of cue-conflict.
    """
    conditions = row.conditions
    names, categories = _names_and_categories(dataset, world.number_of_images(dataset, row))
    condition = np.repeat(conditions, len(names) // len(conditions))
    rngs = [generator("stimuli", world.seed, *key) for key in _keys_of_scenes(dataset, row, names)]
    drawings = drawing_set("held_out")
    which = np.concatenate([pick_drawings(drawings, [k], rng) for k, rng in zip(categories, rngs, strict=True)])
    scene = concatenate([sample_scenes(rng, 1) for rng in rngs])
    contrast = np.array([rng.uniform(*world.texture_contrast) for rng in rngs])
    if dataset == TEXTURED_CONFLICTS:
        contrast, period = np.array([texture_of(one) for one in condition]).T
        scene = with_period(scene, period)
    coords = texture_coords(dataset, names)
    textures = np.array(coords["texture_category"][1]) if coords else np.array(CATEGORIES)[categories]

    parts = layers(drawings.planes, which, textures, scene, world.size)
    images = quantise(_RENDERERS.get(dataset, renderers.plain)(parts, scene, contrast, world))
    if dataset in DISTORTIONS:
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


def _keys_of_scenes(dataset, row, names):
    """What the random numbers of each image's scene depend on: a dataset and a name."""
    if row.in_benchmark:
        return [(dataset, name) for name in names]
    first = names[: len(names) // len(row.conditions)]
    source = CUE_CONFLICT if dataset == TEXTURED_CONFLICTS else dataset
    return [(source, name) for _ in row.conditions for name in first]


def _names_and_categories(dataset, total):
    """Names (str) and categories (int) of a dataset's images. All categories are equally frequent.

    They take turns, except in cue conflicts, where all pairs of two different categories take turns.
    """
    number = np.arange(total)
    if dataset not in CUE_CONFLICTS:
        category, repeat = number % len(CATEGORIES), number // len(CATEGORIES) + 1
        names = [f"{CATEGORIES[k]}{n}.png" for k, n in zip(category, repeat, strict=True)]
        return np.array(names), category
    shapes, textures = np.nonzero(~np.eye(len(CATEGORIES), dtype=bool))
    pair, repeat = number % len(shapes), number // len(shapes) + 1
    shape, texture = shapes[pair], textures[pair]
    names = [f"{CATEGORIES[s]}{n}-{CATEGORIES[t]}{n}.png" for s, t, n in zip(shape, texture, repeat, strict=True)]
    return np.array(names), shape
