"""Diffusion noise as data augmentation (arXiv 2309.16779, appendix E)."""

import torch

VARIANTS = ("sqrt_alphas", "alphas")


def diffusion_noise(images, level, noise, variant="sqrt_alphas"):
    """alpha * image + sqrt(1 - alpha²) * noise, with one alpha per image.

    Parameters
    ----------
    images : torch.Tensor
        (…, channel, y, x).
    level : torch.Tensor
        (…), uniform in [0, 1].
    noise : torch.Tensor
        Standard normal, of the images' shape.
    variant : {"sqrt_alphas", "alphas"}
        alpha is the square root of the level, or the level itself.

    Returns
    -------
    torch.Tensor
        Of the images' shape.
    """
    alpha = (torch.sqrt(level) if variant == "sqrt_alphas" else level)[..., None, None, None]
    return alpha * images + torch.sqrt(1 - alpha**2) * noise


class DiffusionNoise(torch.nn.Module):
    """Diffusion noise as a transform, the last one of a training: random as those of torchvision are.

    Levels and noise come from PyTorch's generator of random numbers.

    Parameters
    ----------
    variant : {"sqrt_alphas", "alphas"}
        The paper's flag `sqrt_alphas`, set or not.

    Examples
    --------
    >>> from torchvision.transforms import v2
    >>> transforms = v2.Compose([v2.RandomResizedCrop(224), v2.Normalize([0.5] * 3, [0.5] * 3), DiffusionNoise()])
    """

    def __init__(self, variant="sqrt_alphas"):
        super().__init__()
        if variant not in VARIANTS:
            raise ValueError(f"variant is {variant!r}, expected one of {', '.join(VARIANTS)}")
        self.variant = variant

    def forward(self, images):
        """Noised images (…, channel, y, x), a level for each."""
        level = torch.rand(images.shape[:-3], device=images.device, dtype=images.dtype)
        return diffusion_noise(images, level, torch.randn_like(images), self.variant)
