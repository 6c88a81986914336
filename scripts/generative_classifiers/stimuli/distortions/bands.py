"""Critical-band masking: noise in a band of one octave (Subramanian et al. 2023, arXiv 2309.13190)."""

import numpy as np
from scipy import fft

from generative_classifiers.stimuli.distortions.pixels import NOISE_CONTRAST, contrast

# Standard deviation of the noise, with white at 1. On mid-grey this is an RMS contrast of 0.32.
NOISE_SD = 0.16


def least_size(frequency):
    """Pixels along a side that an image needs for a frequency in cycles per image: two for each cycle."""
    return 2 * frequency


def band_noise(size, frequency, generator):
    """Gaussian noise in the band of one octave about a frequency, from frequency / √2 to frequency · √2.

    Parameters
    ----------
    size : int
        Pixels along a side, at least `least_size`.
    frequency : float
        Cycles per image, in any orientation.
    generator : numpy.random.Generator

    Returns
    -------
    numpy.ndarray
        (y, x), with mean 0 and root mean square 1.
    """
    spectrum = fft.rfft2(generator.standard_normal((size, size)))
    radius = np.hypot(fft.fftfreq(size, 1 / size)[:, None], fft.rfftfreq(size, 1 / size))
    spectrum *= (frequency / np.sqrt(2) <= radius) & (radius < frequency * np.sqrt(2))
    noise = fft.irfft2(spectrum, (size, size))
    return noise / np.sqrt(np.mean(noise**2))


def masked(images, frequency, generators):
    """Reduce the contrast to 30 % and add noise of one standard deviation in a band of frequencies.

    Parameters
    ----------
    images : numpy.ndarray
        (image, y, x) in [0, 1], square.
    frequency : float
        Centre of the band in cycles per image; 0 for no noise.
    generators : sequence of numpy.random.Generator
        One per image.

    Returns
    -------
    numpy.ndarray
        The same shape.
    """
    reduced = contrast(images, NOISE_CONTRAST)
    if frequency == 0:
        return reduced
    return reduced + NOISE_SD * np.stack([band_noise(images.shape[-1], frequency, one) for one in generators])
