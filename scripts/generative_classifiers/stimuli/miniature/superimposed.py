"""Images that are two things at once."""

import numpy as np

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.stimuli.miniature.drawings import draw
from generative_classifiers.stimuli.miniature.scenes import layers, paint, quantise, sample
from generative_classifiers.study.categories import CATEGORIES

# From image coordinates to a drawing's: upright, in the middle, and as large as the margin allows.
_POSE = np.array([[[0.95, 0, 0], [0, 0.95, 0]]], np.float32)


def superimpose(name, drawings, world):
    """The regions of two drawings, one over the other, plain and each half as strong.

    Parameters
    ----------
    name : str
        Of the image; its colours depend on it.
    drawings : sequence of str
        As `drawings.draw` takes them.
    world : study.settings.World

    Returns
    -------
    numpy.ndarray
        uint8 (y, x, channel).
    """
    region = np.mean([draw(drawing).opaque for drawing in drawings], axis=0)
    planes = np.stack([region, np.zeros_like(region)])[None]  # lines would tell which is which
    scene = sample(generator("illusion", world.seed, name), 1)._replace(pose=_POSE)
    parts = layers(planes, np.zeros(1, int), np.array(CATEGORIES[:1]), scene, world.size)
    return quantise(paint(parts, scene, np.zeros(1)))[0]  # at contrast 0 the texture is none
