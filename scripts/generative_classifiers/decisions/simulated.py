"""Simulated observers: they compare the pixels of a stimulus with shapes and textures that they know, with errors."""

import numpy as np
from scipy import ndimage

from generative_classifiers.decisions.silhouettes import EPSILON, foregrounds, framed, unit_vectors, views
from generative_classifiers.io.random_numbers import generator
from generative_classifiers.stimuli.miniature.drawing_set import drawing_set
from generative_classifiers.stimuli.miniature.scenes import LUMINANCE, layers, paint, sample_scenes
from generative_classifiers.study.categories import CATEGORIES

# How the known drawings are turned (in degrees) and stretched, where an object is nearly upright and where it is not.
UPRIGHT = views((-16, -8, 0, 8, 16), (0.87, 1, 1.15))
TURNED = views((turn + off for turn in (90, 180, 270) for off in (-12, 0, 12)), (0.9, 1.1))
UNUSUAL = 0.97  # what the similarity to a turned drawing is multiplied by


class Memory:
    """What simulated observers know: the silhouettes of all drawings and the mean texture of each category.

    They know each silhouette turned by several angles, stretched and mirrored.

    Parameters
    ----------
    size : int
        Pixels along a side of the stimuli.
    """

    def __init__(self, size):
        sets = [drawing_set(split) for split in ("training", "held_out")]
        planes = np.concatenate([drawings.planes for drawings in sets])
        categories = np.concatenate([drawings.categories for drawings in sets])
        upright = [framed(planes[:, 0], view) for view in UPRIGHT]
        turned = [UNUSUAL * framed(planes[:, 0], view) for view in TURNED]
        self.silhouettes = np.concatenate([*upright, *turned])
        self.categories = np.tile(categories, len(UPRIGHT) + len(TURNED))
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
            standardised over the categories. The similarity to silhouettes is the mean of three guesses which part of
            the image is the object.
        """
        images = images / np.float32(255)
        shape = np.mean([self._similarity(regions) for regions in foregrounds(images)], axis=0)
        texture = _texture_statistics(images) @ self.textures.T
        return _standardised(shape), _standardised(texture)

    def _similarity(self, regions):
        """Similarity of regions (image, y, x) to the most similar silhouette of each category, (image, category)."""
        similarity = framed(regions) @ self.silhouettes.T
        best = [similarity[:, self.categories == k].max(axis=1) for k in range(len(CATEGORIES))]
        return np.stack(best, axis=1)


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


def _mean_textures(planes, categories, size):
    """Mean texture statistics (category, frequency) of scenes with each drawing in its own texture."""
    scene = sample_scenes(generator("memory"), len(planes))
    own = np.array(CATEGORIES)[categories]
    parts = layers(planes, np.arange(len(planes)), own, scene, size)
    statistics = _texture_statistics(paint(parts, scene, np.ones(len(planes))))
    return np.stack([statistics[categories == k].mean(axis=0) for k in range(len(CATEGORIES))])


def _texture_statistics(images):
    """The logarithm of the amplitude spectrum, smoothed, as unit vectors (image, frequency)."""
    light = images @ LUMINANCE
    amplitude = np.abs(np.fft.rfft2(light - light.mean(axis=(1, 2), keepdims=True)))
    return unit_vectors(ndimage.gaussian_filter(np.log(amplitude + 0.05), (0, 1, 1)))


def _standardised(evidence):
    """Evidence (image, category) with mean 0 and standard deviation 1 for each image; 0 if all categories are equal."""
    centred = evidence - evidence.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    return np.divide(centred, spread, out=np.zeros_like(centred), where=spread > EPSILON)
