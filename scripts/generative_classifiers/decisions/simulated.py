"""Simulated observers: they see a stimulus' pixels, compare shape and texture with all they know, and err."""

import numpy as np
from scipy import ndimage

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.stimuli.miniature.drawing_set import drawing_set
from generative_classifiers.stimuli.miniature.scenes import LUMINANCE, layers, paint, sample
from generative_classifiers.study.categories import CATEGORIES

_TURNS = (-16, -8, 0, 8, 16)  # degrees in which an observer knows each drawing, either way round
_FRAME = 24  # pixels along a side of the frame that silhouettes are compared in
_REACH = 2.1  # half that side, in standard deviations of the silhouette about its centre
_BLUR = 0.8  # pixels of the frame


def _framed(region):
    """Regions (image, y, x) moved and scaled into one frame, blurred, as unit vectors (image, _FRAME²).

    Where an object stands and how large it is says nothing of what it is.
    """
    y, x = np.indices(region.shape[1:])
    mass = region / np.maximum(region.sum(axis=(1, 2), keepdims=True), 1e-6)
    centre = np.stack([(mass * axis).sum(axis=(1, 2)) for axis in (y, x)], axis=1)
    square = (mass * ((y - centre[:, :1, None]) ** 2 + (x - centre[:, 1:, None]) ** 2)).sum(axis=(1, 2))
    step = 2 * _REACH * np.sqrt(np.maximum(square, 1e-6) / 2) / _FRAME  # a blank image stays one
    corner = centre - step[:, None] * (_FRAME - 1) / 2
    shape = 2 * (_FRAME,)
    framed = np.stack(
        [
            ndimage.affine_transform(one, [scale, scale], offset, shape, order=1)
            for one, scale, offset in zip(region, step, corner, strict=True)
        ]
    )
    flat = ndimage.gaussian_filter(framed, (0, _BLUR, _BLUR)).reshape(len(region), -1)
    flat -= flat.mean(axis=1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)


def _figure(images):
    """What stands out from the ground: (image, y, x) in [0, 1], the distance from the border's median colour."""
    border = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    difference = images - np.median(border, axis=1)[:, None, None]
    distance = ndimage.gaussian_filter(np.sqrt((difference**2).sum(axis=-1)), (0, 0.6, 0.6))
    distance /= np.maximum(np.percentile(distance, 95, axis=(1, 2), keepdims=True), 1e-6)
    # The soft threshold makes one region of a textured object, and leaves noise in the ground behind.
    return np.clip(2 * distance - 0.5, 0, 1)


def _spectrum(images):
    """Texture statistics (image, frequency): the logarithm of the amplitude spectrum, about its mean."""
    light = images @ LUMINANCE
    amplitude = np.abs(np.fft.rfft2(light - light.mean(axis=(1, 2), keepdims=True)))
    smooth = ndimage.gaussian_filter(np.log(amplitude + 0.05), (0, 1, 1)).reshape(len(images), -1)
    smooth -= smooth.mean(axis=1, keepdims=True)
    return smooth / np.maximum(np.linalg.norm(smooth, axis=1, keepdims=True), 1e-6)


def _standard(evidence):
    """Evidence (image, category) with mean 0 and standard deviation 1 per image; no evidence stays none."""
    centred = evidence - evidence.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    return np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-6)


class Memory:
    """What simulated observers know: every drawing's silhouette, turned and mirrored; every category's texture.

    Parameters
    ----------
    size : int
        Pixels along a stimulus' side.
    """

    def __init__(self, size):
        albums = [drawing_set(split) for split in ("training", "held_out")]
        planes = np.concatenate([drawings.planes for drawings in albums])
        categories = np.concatenate([drawings.categories for drawings in albums])
        turned = [ndimage.rotate(planes[:, 0], angle, axes=(1, 2), reshape=False, order=1) for angle in _TURNS]
        views = [view for region in turned for view in (region, region[:, :, ::-1])]
        self.silhouettes = np.concatenate([_framed(view) for view in views])
        self.categories = np.tile(categories, len(views))

        scene = sample(generator("memory"), len(planes))
        own = np.array(CATEGORIES)[categories]
        parts = layers(planes, np.arange(len(planes)), own, scene, size)
        spectra = _spectrum(paint(parts, scene, np.ones(len(planes))))
        self.textures = np.stack([spectra[categories == k].mean(axis=0) for k in range(len(CATEGORIES))])

    def evidence(self, images):
        """Evidence of shape and of texture.

        Parameters
        ----------
        images : numpy.ndarray
            uint8 (image, y, x, channel).

        Returns
        -------
        shape, texture : numpy.ndarray
            float (image, category): similarity to the best silhouette, or to the mean texture, of a category,
            in units of its standard deviation over the categories.
        """
        images = images / np.float32(255)
        similarity = _framed(_figure(images)) @ self.silhouettes.T
        best = [similarity[:, self.categories == k].max(axis=1) for k in range(len(CATEGORIES))]
        return _standard(np.stack(best, axis=1)), _standard(_spectrum(images) @ self.textures.T)


def respond(observer, habits, names, shape, texture, dataset, seed):
    """Responses of one simulated observer.

    Parameters
    ----------
    observer : str
    habits : dict
        texture_weight, noise (standard deviation) and lapse (share of random answers).
    names : sequence of str
        (image,).
    shape, texture : numpy.ndarray
        float (image, category), of `Memory.evidence`.
    dataset : str
    seed : int

    Returns
    -------
    numpy.ndarray
        int8 (image,): index into the categories.
    """
    count = len(CATEGORIES)
    rngs = [generator("simulated", seed, observer, dataset, name) for name in names]
    noise = np.stack([rng.standard_normal(count) for rng in rngs])
    choice = (shape + habits.texture_weight * texture + habits.noise * noise).argmax(axis=1)
    lapses = np.array([rng.random() for rng in rngs]) < habits.lapse
    guess = np.array([rng.integers(count) for rng in rngs])
    return np.where(lapses, guess, choice).astype(np.int8)
