"""Distances between images and a model's reconstructions of them."""

import hashlib

import torch

from generative_classifiers.io.errors import InputError

SMALLEST = 31  # pixels along a side that AlexNet's convolutions need


def mean_square(images: torch.Tensor, reconstructions: torch.Tensor) -> torch.Tensor:
    """The mean of the squared differences of all values: squared L2, divided by their number.

    Parameters
    ----------
    images, reconstructions : torch.Tensor
        (image, ...).

    Returns
    -------
    torch.Tensor
        (image,).

    Examples
    --------
    >>> mean_square(torch.zeros(2, 3, 4), torch.full((2, 3, 4), 2.0))
    tensor([4., 4.])
    """
    return (images - reconstructions).square().flatten(1).mean(1)


class Perceptual:
    """LPIPS (arXiv 1801.03924, version 0.1): differences of AlexNet's activations, weighted by what people see.

    Parameters
    ----------
    observer : str
        For messages.
    resolution : int
        Side of the images in pixels.
    device : torch.device

    Attributes
    ----------
    weights : str
        SHA-256 of the names and values of all weights.

    Raises
    ------
    InputError
        The images are too small, or the weights of AlexNet can be neither found nor downloaded.
    """

    def __init__(self, observer: str, resolution: int, device: torch.device) -> None:
        # Imported late: few models need it.
        from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity

        if resolution < SMALLEST:
            raise InputError(f"{observer}: resolution is {resolution}, a perceptual distance needs at least {SMALLEST}")
        try:
            network = LearnedPerceptualImagePatchSimilarity(net_type="alex").net
        except (OSError, RuntimeError) as error:  # no connection, or not the weights that torchvision expects
            raise InputError(f"{observer}: torchvision's weights of AlexNet are not available ({error})") from error
        self.network = network.eval().to(device)
        self.weights = _hash(network)

    def __call__(self, images: torch.Tensor, reconstructions: torch.Tensor) -> torch.Tensor:
        """Distances (image,) of images (image, 3, y, x) in [-1, 1]."""
        return self.network(images, reconstructions).flatten()


def _hash(network):
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.cpu().numpy().tobytes())
    return digest.hexdigest()


def distance_of(observer, name, resolution, device):
    """A distance between images, by its name in the registry.

    Parameters
    ----------
    observer, resolution, device
        As for `Perceptual`.
    name : {"l2", "perceptual"}

    Returns
    -------
    distance : callable
        Of images and reconstructions, (image, 3, y, x) in [-1, 1].
    identity : dict
        What it depends on.
    """
    if name == "l2":
        return mean_square, {"distance": name}
    perceptual = Perceptual(observer, resolution, device)
    return perceptual, {"distance": name, "distance_weights": perceptual.weights}
