"""Images in which two drawings lie on top of each other."""

import numpy as np

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.stimuli.miniature.drawings import render_drawing
from generative_classifiers.stimuli.miniature.scenes import layers, paint, quantise, sample_scenes
from generative_classifiers.study.categories import CATEGORIES

# Maps coordinates of the image to those of the drawing: upright, in the middle, and as large as the margin allows.
_POSE = np.array([[[0.95, 0, 0], [0, 0.95, 0]]], np.float32)


def superimpose(name, drawings, world):
    """Lay two drawings on top of each other, without textures and each at half strength.

    Parameters
    ----------
    name : str
        Name of the image. Its colours depend on it.
    drawings : sequence of str
        Names of drawings: `<font> <glyph>`.
    world : study.settings.World

    Returns
    -------
    numpy.ndarray
        uint8 (y, x, channel).
    """
    planes = np.mean([render_drawing(drawing) for drawing in drawings], axis=0)[None]
    scene = sample_scenes(generator("illusion", world.seed, name), 1)._replace(pose=_POSE)
    parts = layers(planes, np.zeros(1, int), np.array(CATEGORIES[:1]), scene, world.size)
    return quantise(paint(parts, scene, np.zeros(1)))[0]  # without a texture
