"""Distortions of the Fourier spectrum: Gaussian filters, phases, amplitudes."""

import numpy as np
from scipy import fft

# Pixels along a side of the images for which the lengths of the benchmark are stated.
REFERENCE_SIZE = 224

# Mean grey value of the benchmark's images. Its filters continue images with it beyond their border, and it is the mean
# of the high-pass images.
BACKGROUND = 0.4423


def gaussian_response(frequencies, sigma):
    """Transfer function of the benchmark's Gaussian filter: sampled at the pixels, cut at 4 sigma, with sum 1.

    Parameters
    ----------
    frequencies : numpy.ndarray
        (frequency,) in cycles per pixel of the reference size. Above 1/2, the highest frequency of an image of that
        size, the response is the same as at 1/2.
    sigma : float
        Standard deviation in pixels of the reference size.

    Returns
    -------
    numpy.ndarray
        (frequency,), 1 at frequency 0.
    """
    radius = int(4 * sigma + 0.5)
    x = np.arange(-radius, radius + 1)
    kernel = np.exp(-0.5 * (x / sigma) ** 2)
    frequencies = np.minimum(np.abs(frequencies), 0.5)
    return np.cos(2 * np.pi * frequencies[:, None] * x) @ (kernel / kernel.sum())


def low_pass(images, sigma):
    """Blur images with a Gaussian. Beyond their border they continue in the mean grey of the benchmark.

    At 224 px this is `scipy.ndimage.gaussian_filter(mode="constant", cval=BACKGROUND)`. At other sizes each frequency,
    in cycles per image, is attenuated in the same way. (A kernel that is sampled at the pixels of a smaller image would
    not work: for most conditions of the high-pass dataset it would be a single pixel, and nothing would be left of the
    image.)

    Parameters
    ----------
    images : numpy.ndarray
        (image, y, x) in [0, 1], square.
    sigma : float
        Standard deviation in pixels at 224 px.

    Returns
    -------
    numpy.ndarray
        The same shape.
    """
    size = images.shape[-1]
    scale = size / REFERENCE_SIZE
    padded = fft.next_fast_len(size + int(np.ceil((4 * sigma + 1) * scale)), real=True)
    response = gaussian_response(fft.fftfreq(padded) * scale, sigma)
    spectrum = fft.rfft2(images - BACKGROUND, (padded, padded))
    spectrum *= response[:, None] * response[: spectrum.shape[-1]]
    return BACKGROUND + fft.irfft2(spectrum, (padded, padded))[:, :size, :size]


def high_pass(images, sigma):
    """Subtract the low-pass filtered images, then set the mean of each image to the mean grey of the benchmark.

    Parameters
    ----------
    images : numpy.ndarray
        (image, y, x) in [0, 1], square.
    sigma : float
        Standard deviation of the low-pass filter in pixels at 224 px.

    Returns
    -------
    numpy.ndarray
        The same shape.
    """
    difference = images - low_pass(images, sigma)
    return BACKGROUND + difference - difference.mean(axis=(1, 2), keepdims=True)


def phase_noise(shape, width, generator):
    """Random shifts of the phases of a Fourier transform. They are odd, so that the image stays real.

    Parameters
    ----------
    shape : tuple of int
        (y, x).
    width : float
        In degrees: shifts are uniform in [-width, width).
    generator : numpy.random.Generator

    Returns
    -------
    numpy.ndarray
        (y, x) in radians, in the order of `numpy.fft.fft2`; 0 at frequencies that equal their opposite.
    """
    own = np.arange(np.prod(shape)).reshape(shape)
    opposite = np.roll(np.flip(own), 1, axis=(0, 1))
    shifts = generator.uniform(-np.radians(width), np.radians(width), own.size)
    return np.sign(opposite - own) * shifts[np.minimum(own, opposite)]


def phase_scrambling(images, width, generators):
    """Shift the phase of every frequency at random, without changing the amplitude spectrum.

    The benchmark does not change the phases in the row and the column of the highest frequency of an image of even
    size. Here every pair of opposite frequencies is shifted.

    Parameters
    ----------
    images : numpy.ndarray
        (image, y, x) in [0, 1].
    width : float
        In degrees: shifts are uniform in [-width, width).
    generators : sequence of numpy.random.Generator
        One per image.

    Returns
    -------
    numpy.ndarray
        The same shape.
    """
    shifts = np.stack([phase_noise(images.shape[1:], width, generator) for generator in generators])
    return fft.ifft2(fft.fft2(images) * np.exp(1j * shifts)).real


def mean_amplitude(batches):
    """Mean amplitude spectrum of images, which come in batches since there may be more than fit into memory.

    Parameters
    ----------
    batches : iterable of numpy.ndarray
        (image, y, x) in [0, 1].

    Returns
    -------
    numpy.ndarray
        (y, x), in the order of `numpy.fft.fft2`.
    """
    total, count = 0, 0
    for images in batches:
        total = total + np.abs(fft.fft2(images)).sum(axis=0)
        count += len(images)
    return total / count


def power_equalisation(images, amplitude=None):
    """Give all images the mean of their amplitude spectra. The phases do not change.

    Parameters
    ----------
    images : numpy.ndarray
        (image, y, x) in [0, 1].
    amplitude : numpy.ndarray, optional
        (y, x): mean spectrum of other images, as `mean_amplitude` gives it.

    Returns
    -------
    numpy.ndarray
        The same shape.
    """
    if amplitude is None:
        amplitude = mean_amplitude([images])
    return fft.ifft2(amplitude * np.exp(1j * np.angle(fft.fft2(images)))).real
