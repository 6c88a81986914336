"""Images to try distortions on."""

import numpy as np
from scipy.ndimage import gaussian_filter

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.stimuli.distortions.frequency import BACKGROUND


def scenes(size=32, count=4):
    """Smooth scenes on the benchmark's grey, the same at every size: float64 (image, y, x) in [0, 1]."""
    y, x = (np.indices((size, size)) + 0.5) / size
    window = (np.sin(np.pi * y) * np.sin(np.pi * x)) ** 4
    waves = generator("scenes").uniform(-1, 1, (count, 8, 3))
    phases = 2 * np.pi * (5 * (waves[..., :1, None] * y + waves[..., 1:2, None] * x) + waves[..., 2:, None])
    return BACKGROUND + window * 0.4 * np.sin(phases).mean(axis=1)


def photographs(size=32, count=4):
    """Random colour images: uint8 (image, y, x, 3)."""
    noise = generator("photographs", size).uniform(0, 255, (count, size, size, 3))
    return gaussian_filter(noise, (0, 1, 1, 0)).astype(np.uint8)


def halved(images):
    return images.reshape(*images.shape[:-2], images.shape[-2] // 2, 2, -1, 2).mean(axis=(-3, -1))


def generators(count=4):
    return [generator(i) for i in range(count)]
