"""What images go through before a classifier sees them."""

from dataclasses import dataclass

import torch

from generative_classifiers.models.pixels import pixels_to_tensor
from generative_classifiers.stimuli.square_images import squares


@dataclass(frozen=True)
class Preprocessing:
    """How a classifier's images are resized and normalised. The defaults are those usual for ImageNet.

    Parameters
    ----------
    resolution : int
        Side in pixels of the images that the network sees.
    resize : int, optional
        Side to which images are resized before their centre is cropped to the resolution.
    mean, std : tuple of float
        Of the channels of images in [0, 1]: the mean is subtracted, then the result is divided by the deviation.
    """

    resolution: int = 224
    resize: int | None = None
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)

    @classmethod
    def of(cls, row):
        """The preprocessing of a row of the registry, a `study.observers.ClassifierObserver`."""
        return cls(row.resolution, row.resize, row.mean, row.std)

    @property
    def side(self):
        """Side in pixels to which images are resized."""
        return self.resize or self.resolution

    def __call__(self, images):
        """Normalise a batch.

        Parameters
        ----------
        images : numpy.ndarray
            uint8 (image, y, x, channel).

        Returns
        -------
        torch.Tensor
            float32 (image, channel, resolution, resolution).
        """
        start = (self.side - self.resolution) // 2
        centre = slice(start, start + self.resolution)
        mean, std = (torch.tensor(values)[:, None, None] for values in (self.mean, self.std))
        # Starting from [-1, 1], not [0, 1]: with a mean and deviation of 0.5, values stay the same to the last bit.
        return pixels_to_tensor(squares(images, self.side)[:, centre, centre]) * (0.5 / std) + (0.5 - mean) / std
