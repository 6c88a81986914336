"""All drawings of the world, ready to be put into scenes; and training batches of them."""

from typing import NamedTuple

import numpy as np

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.stimuli.miniature.drawings import render_drawing
from generative_classifiers.stimuli.miniature.scenes import layers, paint, quantise, sample_scenes
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.drawings import load_drawings


class DrawingSet(NamedTuple):
    """The drawings of a split.

    Attributes
    ----------
    names : numpy.ndarray
        str (drawing,): `<font> <glyph>`.
    categories : numpy.ndarray
        int (drawing,): index into the categories. It does not decrease.
    planes : numpy.ndarray
        float32 (drawing, 2, y, x): the opaque region and the lines.
    """

    names: np.ndarray
    categories: np.ndarray
    planes: np.ndarray


def drawing_set(split):
    """Render the drawings of a split.

    Parameters
    ----------
    split : {"training", "held_out"}

    Returns
    -------
    DrawingSet
    """
    registry = load_drawings()
    names, categories = [], []
    for number, category in enumerate(CATEGORIES):
        of_category = getattr(registry[category], split)
        names += of_category
        categories += [number] * len(of_category)
    planes = np.stack([np.stack(render_drawing(name)) for name in names])
    return DrawingSet(np.array(names), np.array(categories), planes)


def pick_drawings(drawings, categories, rng):
    """Choose a random drawing for each image.

    Parameters
    ----------
    drawings : DrawingSet
    categories : array_like
        int (image,): the category that each drawing must show.
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray
        int (image,): index into the drawings.
    """
    count = np.bincount(drawings.categories, minlength=len(CATEGORIES))
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    return first[categories] + np.floor(rng.random(len(categories)) * count[categories]).astype(int)


def batch(drawings, step, n, seed, world):
    """Render a training batch. It depends on the step and the seed only, not on earlier batches.

    Parameters
    ----------
    drawings : DrawingSet
    step : int
    n : int
        Number of images.
    seed : int
    world : study.settings.World
        The contrast of the texture varies from image to image, so that a model must learn both cues: the shape for
        images with a faint texture, and the texture for shapes that it has not seen.

    Returns
    -------
    images : numpy.ndarray
        uint8 (image, y, x, channel). Shape and texture are of the same category.
    categories : numpy.ndarray
        int (image,): index into the categories.
    """
    rng = generator("training", seed, step)
    categories = rng.integers(len(CATEGORIES), size=n)
    which = pick_drawings(drawings, categories, rng)
    scene = sample_scenes(rng, n)
    strength = rng.uniform(*world.texture_contrast, n)
    parts = layers(drawings.planes, which, np.array(CATEGORIES)[categories], scene, world.size)
    return quantise(paint(parts, scene, strength)), categories
