"""What an observer with a view sees of images: without high spatial frequencies."""

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from generative_classifiers.study.views import WIDTH, View

PACKAGES = ("scipy", "pillow")  # whose versions could move a pixel value by rounding
TRUNCATE = 4  # standard deviations


def seen_through(view: View | None, images: np.ndarray) -> np.ndarray:
    """Images as an observer with a view sees them.

    Parameters
    ----------
    view : View or None
        None leaves them as they are. The standard deviation of a blur grows with the images' shorter side.
    images : numpy.ndarray
        uint8 (image, y, x, channel).

    Returns
    -------
    numpy.ndarray
        uint8, of the same shape.

    Examples
    --------
    >>> seen_through(View(low_pass=0), np.array([[[[0, 128, 255]]]], np.uint8)).tolist()
    [[[[0, 128, 255]]]]
    """
    if view is None or not view.changes:
        return images
    if view.resize is not None:
        return np.stack([_shrunk(image, view.resize) for image in images])
    sigma = view.low_pass * min(images.shape[1:3]) / WIDTH
    blurred = gaussian_filter(images.astype(np.float64), (0, sigma, sigma, 0), mode="reflect", truncate=TRUNCATE)
    return np.clip(np.rint(blurred), 0, 255).astype(np.uint8)


def _shrunk(image: np.ndarray, side: int) -> np.ndarray:
    """An image that was shrunk until its shorter side has so many pixels, and enlarged again."""
    height, width = image.shape[:2]
    scale = side / min(height, width)
    small = Image.fromarray(image).resize((round(width * scale), round(height * scale)), Image.Resampling.BICUBIC)
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))
