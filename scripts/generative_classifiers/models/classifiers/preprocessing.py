"""Images as networks want them: their size, and the scale of their values."""

from dataclasses import dataclass

import torch

from generative_classifiers.models.base import signed
from generative_classifiers.stimuli.square_images import squares


@dataclass(frozen=True)
class Preprocessing:
    """What a row of the registry says of a network's images; without a word of it, what is usual for ImageNet.

    Parameters
    ----------
    resolution : int
        Side in pixels of what the network sees.
    resize : int, optional
        Side to which images are resized before their centre is cropped to the resolution.
    mean, std : tuple of float
        Of the channels of images in [0, 1]: what is subtracted, and divided by then.
    """

    resolution: int = 224
    resize: int | None = None
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)

    @classmethod
    def of(cls, row):
        """Of a row of the registry."""
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
        # From [-1, 1] instead of [0, 1]: where mean and deviation are 0.5, values stay the same to the last bit.
        return signed(squares(images, self.side)[:, centre, centre]) * (0.5 / std) + (0.5 - mean) / std
