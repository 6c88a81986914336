"""Noise samples, known by the names of image and draw."""

import numpy as np

from generative_classifiers.io.random_numbers import generator


def gaussian(image_name, draw, seed, shape):
    """Standard normal noise of one image and draw, the same for every category.

    Parameters
    ----------
    image_name : str
    draw, seed : int
    shape : tuple of int

    Returns
    -------
    numpy.ndarray
        float32 of that shape.
    """
    return generator(image_name, draw, seed).standard_normal(shape, dtype=np.float32)
