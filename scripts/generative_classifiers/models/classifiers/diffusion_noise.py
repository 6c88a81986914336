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
    """Diffusion noise as a transform, the last one of a training.

    Like torchvision's transforms, it draws its levels and noise from PyTorch's global random generator.

    Parameters
    ----------
    variant : {"sqrt_alphas", "alphas"}
        Whether the paper's flag `sqrt_alphas` is set.

    Examples
    --------
    >>> from torchvision.transforms import v2
    >>> transform = v2.Compose([v2.RandomResizedCrop(224), v2.Normalize([0.5] * 3, [0.5] * 3), DiffusionNoise()])
    >>> transform(torch.zeros(3, 256, 256)).shape
    torch.Size([3, 224, 224])
    """

    def __init__(self, variant="sqrt_alphas"):
        super().__init__()
        if variant not in VARIANTS:
            raise ValueError(f"variant is {variant!r}, expected one of {', '.join(VARIANTS)}")
        self.variant = variant

    def forward(self, images):
        """Add noise of a random level to each of the images (…, channel, y, x)."""
        level = torch.rand(images.shape[:-3], device=images.device, dtype=images.dtype)
        return diffusion_noise(images, level, torch.randn_like(images), self.variant)
