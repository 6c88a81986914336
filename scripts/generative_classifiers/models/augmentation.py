"""Diffusion noise as data augmentation (arXiv 2309.16779, appendix E)."""

import torch


def diffusion_noise(images, level, noise, variant="sqrt_alphas"):
    """alpha * image + sqrt(1 - alpha²) * noise, with one alpha per image.

    Parameters
    ----------
    images : torch.Tensor
        (image, channel, y, x).
    level : torch.Tensor
        (image,), uniform in [0, 1].
    noise : torch.Tensor
        Standard normal, of the images' shape.
    variant : {"sqrt_alphas", "alphas"}
        alpha is the square root of the level, or the level itself.

    Returns
    -------
    torch.Tensor
        Of the images' shape.
    """
    alpha = (torch.sqrt(level) if variant == "sqrt_alphas" else level)[:, None, None, None]
    return alpha * images + torch.sqrt(1 - alpha**2) * noise
