"""All drawings of the world, ready to be put into scenes, and endless training batches of them."""

from typing import NamedTuple

import numpy as np

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.stimuli.miniature.drawings import draw
from generative_classifiers.stimuli.miniature.scenes import layers, paint, quantise, sample
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.drawings import load_drawings


class DrawingSet(NamedTuple):
    """Drawings of one split.

    Attributes
    ----------
    names : numpy.ndarray
        str (drawing).
    categories : numpy.ndarray
        int (drawing): index into CATEGORIES.
    planes : numpy.ndarray
        float32 (drawing, 2, y, x): opaque region and lines.
    """

    names: np.ndarray
    categories: np.ndarray
    planes: np.ndarray


def drawing_set(split):
    """Render the drawings of a split.

    Parameters
    ----------
    split : str
        "training" or "held_out".

    Returns
    -------
    DrawingSet
    """
    registry = load_drawings()
    rows = [(name, k) for k, category in enumerate(CATEGORIES) for name in getattr(registry[category], split)]
    names, categories = zip(*rows, strict=True)
    return DrawingSet(np.array(names), np.array(categories), np.stack([np.stack(draw(name)) for name in names]))


def pick(drawings, categories, rng):
    """A random drawing of each category in `categories` (image): indices (image) into the album."""
    count = np.bincount(drawings.categories, minlength=len(CATEGORIES))
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    return first[categories] + np.floor(rng.random(len(categories)) * count[categories]).astype(int)


def batch(drawings, step, n, seed, world):
    """One training batch: the same for the same step and seed, whatever was drawn before.

    Parameters
    ----------
    drawings : DrawingSet
    step : int
    n : int
        Images in the batch.
    seed : int
    world : study.settings.World
        The texture's contrast varies from image to image, so that a
        model must know both cues: a texture that may be faint leaves the shape, a shape that may be new leaves
        the texture.

    Returns
    -------
    images : numpy.ndarray
        uint8 (image, y, x, channel); shape and texture belong together.
    categories : numpy.ndarray
        int (image).
    """
    rng = generator("training", seed, step)
    categories = rng.integers(len(CATEGORIES), size=n)
    which = pick(drawings, categories, rng)
    scene = sample(rng, n)
    strength = rng.uniform(*world.texture_contrast, n)
    parts = layers(drawings.planes, which, np.array(CATEGORIES)[categories], scene, world.size)
    return quantise(paint(parts, scene, strength)), categories
