"""What is done to images in training alone."""

import torch

from generative_classifiers.models.classifiers.diffusion_noise import DiffusionNoise
from generative_classifiers.models.pixels import pixels_to_tensor
from generative_classifiers.stimuli.views import seen_through
from generative_classifiers.study.views import View


def augmented(images, augmentation):
    """Images as a network sees them in training. Random numbers are those of PyTorch's global generator.

    Parameters
    ----------
    images : numpy.ndarray
        uint8 (image, y, x, channel).
    augmentation : study.recipes.Augmentation or None

    Returns
    -------
    torch.Tensor
        float32 (image, 3, y, x), in [-1, 1] without noise.
    """
    plain = pixels_to_tensor(images)
    if augmentation is None:
        return plain
    changed = plain
    if augmentation.low_pass:
        changed = pixels_to_tensor(seen_through(View(low_pass=augmentation.low_pass), images))
    if augmentation.noise:
        changed = DiffusionNoise(augmentation.noise)(changed)
    elif augmentation.sigma:
        changed = (1 - augmentation.sigma**2) ** 0.5 * changed + augmentation.sigma * torch.randn_like(changed)
    chosen = torch.rand(len(images)) < augmentation.share
    return torch.where(chosen[:, None, None, None], changed, plain)
