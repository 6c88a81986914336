"""Noise samples that depend only on the name of the image, the number of the draw and the seed."""

import numpy as np

from generative_classifiers.io.random_numbers import generator


def gaussian(image_name, draw, seed, shape):
    """Standard normal noise for one image and draw. All categories share it.

    Parameters
    ----------
    image_name : str
    draw : int
        Number of the draw.
    seed : int
    shape : tuple of int

    Returns
    -------
    numpy.ndarray
        float32 of the given shape.

    Examples
    --------
    >>> gaussian("image.png", draw=0, seed=0, shape=(3,))
    array([ 1.0383765, -1.0000912,  0.2392419], dtype=float32)
    """
    return generator(image_name, draw, seed).standard_normal(shape, dtype=np.float32)
