"""Silhouettes as simulated observers see them: found in a stimulus, moved and scaled into a common frame."""

import numpy as np
from scipy import ndimage

EPSILON = 1e-6  # what is smaller counts as nothing
FRAME_SIDE = 24  # pixels along a side of the frame in which silhouettes are compared
FRAME_EXTENT = 2.1  # half of that side, in standard deviations of the silhouette about its centre
BLUR = 0.5  # pixels of the frame
INSET = 3  # pixels at the border of a stimulus, which filters darken
UNCHANGED = np.eye(2)  # the view of a silhouette as it is
GAP = 2  # pixels on either side of a gap that counts as closed


def foregrounds(images):
    """Three guesses which part of each image is the object.

    The first is sharp. The second is blurred, which removes noise. The third is what the first encloses, which makes
    regions of outlines.

    Parameters
    ----------
    images : numpy.ndarray
        float (image, y, x, channel) in [0, 1].

    Returns
    -------
    list of numpy.ndarray
        (image, y, x) in [0, 1].
    """
    sharp = _unlike_ground(images, 0.6)
    return [sharp, _unlike_ground(images, 1.5), np.maximum(sharp, np.stack([_enclosed(region) for region in sharp]))]


def _unlike_ground(images, blur):
    """What differs from the ground: the distance from the median colour of a frame near the border."""
    smooth = ndimage.gaussian_filter(images, (0, blur, blur, 0))
    inner = smooth[:, INSET:-INSET, INSET:-INSET]
    sides = [inner[:, :2], inner[:, -2:], inner[:, :, :2], inner[:, :, -2:]]
    ground = np.median(np.concatenate([side.reshape(len(side), -1, 3) for side in sides], axis=1), axis=1)
    distance = np.sqrt(((inner - ground[:, None, None]) ** 2).sum(axis=-1))
    # Most of an image is ground, so the median distance is that of noise.
    distance = np.maximum(distance - np.median(distance, axis=(1, 2), keepdims=True) / 2, 0)
    distance /= np.maximum(np.percentile(distance, 95, axis=(1, 2), keepdims=True), EPSILON)
    # The soft threshold turns a textured object into one region and removes noise in the background.
    return np.pad(np.clip(2 * distance - 0.5, 0, 1), ((0, 0), (INSET, INSET), (INSET, INSET)))


def _enclosed(region):
    """What the pixels of a region (y, x) enclose, with soft borders. Small gaps count as closed."""
    closed = ndimage.binary_closing(np.pad(region > 0.5, 2 * GAP), iterations=GAP)
    filled = ndimage.binary_fill_holes(closed)[2 * GAP : -2 * GAP, 2 * GAP : -2 * GAP]
    return ndimage.gaussian_filter(filled.astype(np.float32), 0.7)


def views(turns, stretches):
    """Linear maps that turn and stretch a silhouette, each with and without mirroring it.

    Parameters
    ----------
    turns : iterable of float
        Degrees.
    stretches : iterable of float
        Factors along x; along y, their inverse.

    Returns
    -------
    list of numpy.ndarray
        (2, 2), of coordinates (y, x).
    """
    maps = []
    for turn in np.deg2rad(list(turns)):
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        maps += [rotation @ np.diag([1 / stretch, side * stretch]) for stretch in stretches for side in (1, -1)]
    return maps


def framed(regions, view=UNCHANGED):
    """Move and scale regions into a common frame.

    The position and the size of an object say nothing about its category.

    Parameters
    ----------
    regions : numpy.ndarray
        float (image, y, x): at least 0.
    view : numpy.ndarray
        (2, 2): how they are turned and stretched in addition.

    Returns
    -------
    numpy.ndarray
        (image, FRAME_SIDE²): unit vectors.
    """
    centre, covariance = _moments(regions)
    variance = np.trace(view @ covariance @ view.T, axis1=1, axis2=2) / 2
    steps = 2 * FRAME_EXTENT * np.sqrt(np.maximum(variance, EPSILON)) / FRAME_SIDE  # not 0 for a blank image
    back, middle = np.linalg.inv(view), np.full(2, (FRAME_SIDE - 1) / 2)
    shape = (FRAME_SIDE, FRAME_SIDE)
    frames = [
        ndimage.affine_transform(region, step * back, place - step * back @ middle, shape, order=1)
        for region, step, place in zip(regions, steps, centre, strict=True)
    ]
    return unit_vectors(ndimage.gaussian_filter(np.stack(frames), (0, BLUR, BLUR)))


def _moments(regions):
    """Centre (image, 2) and covariance (image, 2, 2) of the coordinates (y, x) in regions (image, y, x)."""
    grid = np.indices(regions.shape[1:]).reshape(2, -1)
    mass = regions.reshape(len(regions), -1)
    mass = mass / np.maximum(mass.sum(axis=1, keepdims=True), EPSILON)
    centre = mass @ grid.T
    offset = grid[None] - centre[:, :, None]
    return centre, (offset * mass[:, None]) @ offset.transpose(0, 2, 1)


def unit_vectors(values):
    """Values (image, …) as vectors (image, value) with mean 0 and length 1; constant values as vectors of zeros."""
    vectors = values.reshape(len(values), -1)
    vectors = vectors - vectors.mean(axis=1, keepdims=True)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), EPSILON)
