"""Renderers: how a dataset shows its scenes, for example with textures, as silhouettes or as edges.

Every renderer takes the layers, the scene, the contrast of the texture (image,) and the settings of the world. It
returns RGB in [0, 1], float32 (image, y, x, channel).
"""

import numpy as np
from scipy import ndimage

from generative_classifiers.stimuli.miniature.scenes import LUMINANCE, compose, paint, shrink
from generative_classifiers.stimuli.miniature.textures import texture
from generative_classifiers.study.categories import CATEGORIES


def plain(parts, scene, contrast, world):
    """Shape and texture are of the same category."""
    return paint(parts, scene, contrast)


def cue_conflict(parts, scene, contrast, world):
    """The texture is of another category, at full contrast."""
    return paint(parts, scene, np.full(len(contrast), world.texture_contrast[1]))


def stylized(parts, scene, contrast, world):
    """Object and ground have a mixture of the textures of two other categories."""
    count, images = len(CATEGORIES), np.arange(len(contrast))
    first, second = (np.array(CATEGORIES)[(images * step + offset) % count] for step, offset in ((3, 1), (5, 2)))
    side, half = parts.grain.shape[1], world.size / 2
    v, u = np.meshgrid(*2 * [np.linspace(-half, half, side, dtype=np.float32)], indexing="ij")
    shift = scene.grain[:, :, 2, None, None]
    u, v = u + shift[:, 0], v + shift[:, 1]
    mixture = (texture(first, u, v) + texture(second, v, u)) / 2
    images = compose(parts._replace(grain=mixture), scene, np.ones(len(contrast)))
    ground = 0.15 * mixture * (1 - parts.opaque)
    return shrink(np.clip(images + ground[..., None], 0, 1))


def sketch(parts, scene, contrast, world):
    """The outline of the object and its lines, dark on white."""
    outline = ndimage.morphological_gradient(parts.opaque, size=(1, 3, 3))
    return _grey(1 - np.maximum(outline, parts.line))


def silhouette(parts, scene, contrast, world):
    """The region of the object, black on white."""
    return _grey(1 - parts.opaque)


def edge(parts, scene, contrast, world):
    """Edges of the textured image, black on white: steep ridges of the smoothed gradient (after Canny 1986)."""
    light = compose(parts, scene, contrast) @ LUMINANCE
    # Derivatives of a Gaussian, since scipy's Sobel filter would also smooth across images.
    steps = np.stack([ndimage.gaussian_filter(light, (0, 1.5, 1.5), order) for order in ((0, 1, 0), (0, 0, 1))])
    steepness = np.hypot(*steps)
    # A ridge is at least as steep as its neighbours across the edge, in the direction of the larger component.
    down, right = (ndimage.maximum_filter(steepness, size) for size in ((1, 3, 1), (1, 1, 3)))
    across = np.where(np.abs(steps[0]) > np.abs(steps[1]), down, right)
    strong = steepness > 0.3 * steepness.max(axis=(1, 2), keepdims=True)
    lines = ndimage.binary_dilation((steepness >= across) & strong, np.ones((1, 2, 2)))
    return _grey(1 - lines.astype(np.float32))


def _grey(values):
    return np.repeat(shrink(values)[..., None], 3, axis=-1)
