"""Simulated observers: they compare the pixels of a stimulus with shapes and textures that they know, with errors."""

import numpy as np
from scipy import ndimage

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.stimuli.miniature.drawing_set import drawing_set
from generative_classifiers.stimuli.miniature.scenes import LUMINANCE, layers, paint, sample_scenes
from generative_classifiers.study.categories import CATEGORIES

TURNS = (-16, -8, 0, 8, 16)  # degrees by which the known drawings are turned
FRAME_SIDE = 24  # pixels along a side of the frame in which silhouettes are compared
FRAME_EXTENT = 2.1  # half of that side, in standard deviations of the silhouette about its centre
BLUR = 0.8  # pixels of the frame
EPSILON = 1e-6  # what is smaller counts as nothing


class Memory:
    """What simulated observers know: the silhouettes of all drawings and the mean texture of each category.

    They know each silhouette turned by several angles, and mirrored.

    Parameters
    ----------
    size : int
        Pixels along a side of the stimuli.
    """

    def __init__(self, size):
        sets = [drawing_set(split) for split in ("training", "held_out")]
        planes = np.concatenate([drawings.planes for drawings in sets])
        categories = np.concatenate([drawings.categories for drawings in sets])
        views = _turned_and_mirrored(planes[:, 0])
        self.silhouettes = np.concatenate([_normalised_silhouettes(view) for view in views])
        self.categories = np.tile(categories, len(views))
        self.textures = _mean_textures(planes, categories, size)

    def evidence(self, images):
        """Evidence of the shape and of the texture for each category.

        Parameters
        ----------
        images : numpy.ndarray
            uint8 (image, y, x, channel).

        Returns
        -------
        shape, texture : numpy.ndarray
            float (image, category): similarity to the most similar silhouette, or to the mean texture, of a category,
            standardised over the categories.
        """
        images = images / np.float32(255)
        similarity = _normalised_silhouettes(_foreground(images)) @ self.silhouettes.T
        shape = [similarity[:, self.categories == k].max(axis=1) for k in range(len(CATEGORIES))]
        texture = _texture_statistics(images) @ self.textures.T
        return _standardised(np.stack(shape, axis=1)), _standardised(texture)


def respond(observer, parameters, names, shape, texture, dataset, seed):
    """Responses of a simulated observer.

    It chooses the category with the largest sum of the evidence of the shape, the weighted evidence of the texture and
    normal noise. In lapses it chooses a category at random.

    Parameters
    ----------
    observer : str
        Its name.
    parameters : study.settings.SimulatedObserver
    names : sequence of str
        (image,).
    shape, texture : numpy.ndarray
        float (image, category): as `Memory.evidence` gives them.
    dataset : str
    seed : int

    Returns
    -------
    numpy.ndarray
        int8 (image,): index into the categories.
    """
    count = len(CATEGORIES)
    generators = [generator("simulated", seed, observer, dataset, name) for name in names]
    noise = np.stack([one.standard_normal(count) for one in generators])
    choice = (shape + parameters.texture_weight * texture + parameters.noise * noise).argmax(axis=1)
    is_lapse = np.array([one.random() for one in generators]) < parameters.lapse
    guess = np.array([one.integers(count) for one in generators])
    return np.where(is_lapse, guess, choice).astype(np.int8)


def _turned_and_mirrored(regions):
    """Views of regions (drawing, y, x) under which an observer knows them: a list of arrays of the same shape."""
    views = []
    for angle in TURNS:
        turned = ndimage.rotate(regions, angle, axes=(1, 2), reshape=False, order=1)
        views += [turned, turned[:, :, ::-1]]
    return views


def _mean_textures(planes, categories, size):
    """Mean texture statistics (category, frequency) of scenes with each drawing in its own texture."""
    scene = sample_scenes(generator("memory"), len(planes))
    own = np.array(CATEGORIES)[categories]
    parts = layers(planes, np.arange(len(planes)), own, scene, size)
    statistics = _texture_statistics(paint(parts, scene, np.ones(len(planes))))
    return np.stack([statistics[categories == k].mean(axis=0) for k in range(len(CATEGORIES))])


def _foreground(images):
    """What differs from the background: (image, y, x) in [0, 1], the distance from the border's median colour."""
    border = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    difference = images - np.median(border, axis=1)[:, None, None]
    distance = ndimage.gaussian_filter(np.sqrt((difference**2).sum(axis=-1)), (0, 0.6, 0.6))
    distance /= np.maximum(np.percentile(distance, 95, axis=(1, 2), keepdims=True), EPSILON)
    # The soft threshold turns a textured object into one region and removes noise in the background.
    return np.clip(2 * distance - 0.5, 0, 1)


def _normalised_silhouettes(regions):
    """Regions (image, y, x), moved and scaled into a common frame and blurred, as unit vectors (image, FRAME_SIDE²).

    The position and the size of an object say nothing about its category.
    """
    y, x = np.indices(regions.shape[1:])
    mass = regions / np.maximum(regions.sum(axis=(1, 2), keepdims=True), EPSILON)
    centre = np.stack([(mass * axis).sum(axis=(1, 2)) for axis in (y, x)], axis=1)
    variance = (mass * ((y - centre[:, :1, None]) ** 2 + (x - centre[:, 1:, None]) ** 2)).sum(axis=(1, 2))
    deviation = np.sqrt(np.maximum(variance, EPSILON) / 2)  # not 0 for a blank image
    step = 2 * FRAME_EXTENT * deviation / FRAME_SIDE
    corner = centre - step[:, None] * (FRAME_SIDE - 1) / 2
    framed = [
        ndimage.affine_transform(region, [scale, scale], offset, (FRAME_SIDE, FRAME_SIDE), order=1)
        for region, scale, offset in zip(regions, step, corner, strict=True)
    ]
    return _unit_vectors(ndimage.gaussian_filter(np.stack(framed), (0, BLUR, BLUR)))


def _texture_statistics(images):
    """The logarithm of the amplitude spectrum, smoothed, as unit vectors (image, frequency)."""
    light = images @ LUMINANCE
    amplitude = np.abs(np.fft.rfft2(light - light.mean(axis=(1, 2), keepdims=True)))
    return _unit_vectors(ndimage.gaussian_filter(np.log(amplitude + 0.05), (0, 1, 1)))


def _unit_vectors(values):
    """Values (image, …) as vectors (image, value) with mean 0 and length 1; constant values as vectors of zeros."""
    vectors = values.reshape(len(values), -1)
    vectors = vectors - vectors.mean(axis=1, keepdims=True)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), EPSILON)


def _standardised(evidence):
    """Evidence (image, category) with mean 0 and standard deviation 1 for each image; 0 if all categories are equal."""
    centred = evidence - evidence.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    return np.divide(centred, spread, out=np.zeros_like(centred), where=spread > EPSILON)
