"""Pixels as generative networks see them, and back."""

import numpy as np
import torch


def pixels_to_tensor(images: np.ndarray) -> torch.Tensor:
    """Scale pixels to [-1, 1].

    Parameters
    ----------
    images : numpy.ndarray
        uint8 (image, y, x, channel).

    Returns
    -------
    torch.Tensor
        float32 (image, channel, y, x).

    Examples
    --------
    >>> pixels_to_tensor(np.array([[[[0, 255, 51]]]], np.uint8)).flatten().tolist()
    [-1.0, 1.0, -0.6000000238418579]
    """
    return torch.tensor(images).permute(0, 3, 1, 2).float() / 127.5 - 1


def tensor_to_pixels(images: torch.Tensor) -> np.ndarray:
    """The inverse of `pixels_to_tensor`; values outside [-1, 1] are clipped.

    Parameters
    ----------
    images : torch.Tensor
        float (image, channel, y, x).

    Returns
    -------
    numpy.ndarray
        uint8 (image, y, x, channel).
    """
    return ((images.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()
