"""Scenes: one textured object on a plain ground, with random pose, colours and position of the texture."""

from typing import NamedTuple

import numpy as np

from generative_classifiers.stimuli.miniature.drawings import SIZE
from generative_classifiers.stimuli.miniature.textures import texture

_SUPERSAMPLING = 2  # samples per pixel and axis
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_TEXTURE_AMPLITUDE = 0.25  # of the luminance, at contrast 1, about that of the object


class Scene(NamedTuple):
    """What is random in images. The first axis of every field has the images.

    Attributes
    ----------
    pose : numpy.ndarray
        float32 (image, 2, 3): maps coordinates of the image in [-1, 1] to those of the drawing.
    grain : numpy.ndarray
        float32 (image, 2, 3): maps coordinates of the image, in pixels from its centre, to those of the texture.
    ground, object : numpy.ndarray
        float32 (image, 3): RGB in [0, 1].
    slope : numpy.ndarray
        float32 (image, 2): change of the luminance of the ground from the centre to the border, along y and x.
    """

    pose: np.ndarray
    grain: np.ndarray
    ground: np.ndarray
    object: np.ndarray
    slope: np.ndarray


def _turn(angle):
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)


def _chroma(rng, n):
    """Random colours of zero luminance, float (n, 3). They do not depend on the category."""
    vector = rng.normal(size=(n, 3))
    vector -= vector @ LUMINANCE[:, None]
    vector /= np.linalg.norm(vector, axis=1, keepdims=True)
    return rng.uniform(0, 0.22, (n, 1)) * vector


def sample_scenes(rng, n):
    """Sample random scenes.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
        Number of images.

    Returns
    -------
    Scene
    """
    # Rotated by up to 20°, scaled by 0.78 to 1.12, stretched and sheared by up to 15 %, half of them mirrored, and
    # shifted by up to a sixteenth of the image's side.
    scale = rng.uniform(0.78, 1.12, n)
    aspect = np.exp(rng.uniform(-0.14, 0.14, n))
    form = np.zeros((n, 2, 2))
    form[:, 0, 0] = 1 / (scale * aspect) * rng.choice([-1, 1], n)
    form[:, 1, 1] = aspect / scale
    form[:, 0, 1] = rng.uniform(-0.15, 0.15, n)
    pose = form @ _turn(rng.uniform(-1, 1, n) * np.deg2rad(20))
    pose = np.concatenate([pose, rng.uniform(-0.125, 0.125, (n, 2, 1))], axis=2)

    grain = _turn(rng.uniform(-1, 1, n) * np.deg2rad(10)) / rng.uniform(0.92, 1.08, (n, 1, 1))
    grain = np.concatenate([grain, rng.uniform(-20, 20, (n, 2, 1))], axis=2)

    # The luminance of object and ground differs by at least a quarter of its range, so that the object is visible.
    light = rng.uniform(0.35, 0.65, n)
    difference = rng.uniform(0.25, 0.45, n) * rng.choice([-1, 1], n)
    ground = np.clip(light + difference, 0.06, 0.94)[:, None] + _chroma(rng, n)
    object_ = light[:, None] + _chroma(rng, n)
    slope = rng.uniform(-0.06, 0.06, (n, 2))
    return Scene(*(field.astype(np.float32) for field in (pose, grain, ground, object_, slope)))


def concatenate(scenes):
    """Join scenes along the images."""
    return Scene(*(np.concatenate(field) for field in zip(*scenes, strict=True)))


def with_period(scene, period):
    """Scenes whose textures have other periods.

    Parameters
    ----------
    scene : Scene
    period : numpy.ndarray
        float (image,): in periods of the training images.
    """
    grain = scene.grain.copy()
    grain[:, :, :2] /= period[:, None, None]
    return scene._replace(grain=grain)


def _grid(size, half):
    """Homogeneous coordinates (3, size²) of the centres of samples: x and y in [-half, half], and 1."""
    axis = ((np.arange(size) + 0.5) / size * 2 - 1) * half
    y, x = np.meshgrid(axis, axis, indexing="ij")
    return np.stack([x.ravel(), y.ravel(), np.ones(size * size)]).astype(np.float32)


def _bilinear(planes, which, x, y):
    """Interpolate planes[which], planes being (drawing, 2, SIZE, SIZE), at pixel coordinates x and y (image, point).

    Both planes of a drawing are looked up together, as the parts of one complex number, since this is the slowest step.
    """
    x, y = np.clip(x, 0, SIZE - 1.001), np.clip(y, 0, SIZE - 1.001)
    column, row = x.astype(np.int32), y.astype(np.int32)
    fx, fy = (x - column).astype(np.float32), (y - row).astype(np.float32)
    flat = (planes[:, 0] + 1j * planes[:, 1]).astype(np.complex64).ravel()
    start = (which[:, None] * SIZE + row) * SIZE + column
    upper = flat.take(start) * (1 - fx) + flat.take(start + 1) * fx
    lower = flat.take(start + SIZE) * (1 - fx) + flat.take(start + SIZE + 1) * fx
    sampled = upper * (1 - fy) + lower * fy
    return sampled.real, sampled.imag


class Layers(NamedTuple):
    """The parts of images before they are put together, with several samples per pixel.

    Attributes
    ----------
    opaque, line, grain : numpy.ndarray
        float32 (image, y, x): the region of the object and its lines in [0, 1], its texture in [-1, 1].
    """

    opaque: np.ndarray
    line: np.ndarray
    grain: np.ndarray


def layers(planes, which, textures, scene, size):
    """Put drawings into their poses and cover them with textures.

    Parameters
    ----------
    planes : numpy.ndarray
        float32 (drawing, 2, SIZE, SIZE): opaque regions and lines.
    which : numpy.ndarray
        int (image,): number of the drawing that each image shows.
    textures : numpy.ndarray
        str (image,): the category whose texture the object has.
    scene : Scene
    size : int
        Pixels along a side of the images.

    Returns
    -------
    Layers
    """
    side = size * _SUPERSAMPLING
    x, y = np.moveaxis(scene.pose @ _grid(side, 1.0), 1, 0)
    sampled = _bilinear(planes, which, (x + 1) / 2 * SIZE - 0.5, (y + 1) / 2 * SIZE - 0.5)
    opaque, line = (values.reshape(-1, side, side) for values in sampled)
    u, v = np.moveaxis(scene.grain @ _grid(side, size / 2), 1, 0).reshape(2, len(which), side, side)
    return Layers(opaque, line, texture(textures, u, v))


def shrink(values):
    """Average the samples of each pixel of images (image, y, x, …)."""
    offsets = [(row, column) for row in range(_SUPERSAMPLING) for column in range(_SUPERSAMPLING)]
    return sum(values[:, row::_SUPERSAMPLING, column::_SUPERSAMPLING] for row, column in offsets) / len(offsets)


def compose(parts, scene, contrast):
    """Put layers together: as `paint`, but with several samples per pixel."""
    side = parts.opaque.shape[1]
    ramp = np.linspace(-1, 1, side, dtype=np.float32)
    slope = scene.slope[:, 0, None, None] * ramp[:, None] + scene.slope[:, 1, None, None] * ramp
    ground = scene.ground[:, None, None] + slope[..., None]
    amplitude = (_TEXTURE_AMPLITUDE * np.asarray(contrast, np.float32))[:, None, None]
    body = scene.object[:, None, None] + (amplitude * parts.grain)[..., None]
    body = body * (1 - 0.75 * parts.line[..., None])  # lines are dark on objects of any colour
    return np.clip(ground + parts.opaque[..., None] * (body - ground), 0, 1)


def paint(parts, scene, contrast):
    """Put layers together.

    Parameters
    ----------
    parts : Layers
    scene : Scene
    contrast : numpy.ndarray
        float (image,): contrast of the texture, 0 to 1.

    Returns
    -------
    numpy.ndarray
        float32 (image, y, x, channel): RGB in [0, 1].
    """
    return shrink(compose(parts, scene, contrast))


def quantise(images):
    """Convert images from [0, 1] to uint8.

    Examples
    --------
    >>> quantise(np.array([0.0, 0.5, 1.2]))
    array([  0, 128, 255], dtype=uint8)
    """
    return np.round(255 * np.clip(images, 0, 1)).astype(np.uint8)
