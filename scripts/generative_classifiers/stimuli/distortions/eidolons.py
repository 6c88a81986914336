"""Eidolons: images in which each scale has been displaced by a random field.

The idea is that of Koenderink et al. (2017, doi 10.1167/17.2.7), as its authors described it later (Valsecchi et al.
2018, doi 10.1167/18.13.21). The layers of a Gaussian scale space are warped by random vector fields and added up again.
The fields are white Gaussian noise convolved with a Gaussian. Each is a weighted sum of a field that all scales share
and one of its own.

The stimuli of the benchmark were made with the Eidolon toolbox, which differs from this implementation. It moves whole
pixels, drops details finer than 1/√2 px, and its shared field grows from the coarse layers to the fine ones, for any
grain. It is not known how the version that the benchmark used weights the shared field.
"""

import numpy as np
from scipy import fft
from scipy.ndimage import map_coordinates

from generative_classifiers.stimuli.distortions.frequency import REFERENCE_SIZE

# Blur of the levels in pixels at 224 px, in steps of half an octave from 1/√2: the benchmark's settings of the toolbox.
LEVELS = 2.0 ** (np.arange(-1, 11) / 2)


def layers(image):
    """Split an image into the details that each step of a Gaussian scale space removes, and the remainder.

    Parameters
    ----------
    image : numpy.ndarray
        (y, x), square, mirrored at its borders.

    Returns
    -------
    numpy.ndarray
        (layer, y, x), from fine to coarse: a layer for each level. Their sum is the image.
    """
    size = len(image)
    sigmas = LEVELS[1:, None] * size / REFERENCE_SIZE
    # The cosine transform is the Fourier transform of the mirrored image; coefficient k has k half cycles per side.
    response = np.exp(-0.5 * (sigmas * np.pi * np.arange(size) / size) ** 2)
    spectra = fft.dctn(image) * response[:, :, None] * response[:, None, :]
    blurred = fft.idctn(spectra, axes=(1, 2))
    return -np.diff(np.concatenate([image[None], blurred, np.zeros_like(image)[None]]), axis=0)


def displacements(count, size, reach, coherence, grain, generator):
    """Random displacement fields of the layers of an image.

    Parameters
    ----------
    count : int
        Number of layers.
    size : int
        Side of the image in pixels.
    reach : float
        Standard deviation of each displacement along each axis, in pixels at 224 px.
    coherence : float
        Correlation c of the displacements of two layers at the same place, in [0, 1]. The shared field counts √c and
        the layer's own field √(1 - c), so that the standard deviation does not depend on c.
    grain : float
        Standard deviation of the Gaussian that smooths the fields, in pixels at 224 px.
    generator : numpy.random.Generator

    Returns
    -------
    numpy.ndarray
        (layer, 2, y, x): displacement along y and x in pixels of the image.
    """
    scale = size / REFERENCE_SIZE
    response = np.exp(-2 * (np.pi * grain * scale * fft.fftfreq(size)) ** 2)
    response /= np.sqrt(np.mean(response**2))  # so that the smoothed noise has variance 1, too
    noise = fft.rfft2(generator.standard_normal((count + 1, 2, size, size)))
    noise *= response[:, None] * response[: noise.shape[-1]]
    shared, *own = fft.irfft2(noise, (size, size))
    return reach * scale * (np.sqrt(coherence) * shared + np.sqrt(1 - coherence) * np.stack(own))


def warped(image, displacement):
    """Move the pixels of an image: each is taken from the place that its displacement points to.

    Parameters
    ----------
    image : numpy.ndarray
        (y, x), mirrored at its borders, interpolated linearly.
    displacement : numpy.ndarray
        (2, y, x) in pixels.

    Returns
    -------
    numpy.ndarray
        (y, x).
    """
    return map_coordinates(image, np.indices(image.shape) + displacement, order=1, mode="reflect")


def eidolon(images, reach, coherence, grain, generators):
    """Displace the scales of images.

    Parameters
    ----------
    images : numpy.ndarray
        (image, y, x) in [0, 1], square.
    reach, coherence, grain : float
        As for `displacements`.
    generators : sequence of numpy.random.Generator
        One per image.

    Returns
    -------
    numpy.ndarray
        The same shape.
    """
    result = np.empty_like(images)
    fields = len(LEVELS), images.shape[-1], reach, coherence, grain
    for i, generator in enumerate(generators):
        result[i] = sum(map(warped, layers(images[i]), displacements(*fields, generator)))
    return result
