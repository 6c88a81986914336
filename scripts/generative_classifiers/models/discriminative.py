"""Discriminative networks: the loss of a category is the negative log of its probability."""

import numpy as np
import torch
from safetensors.torch import load_file

from generative_classifiers.categories import CATEGORIES
from generative_classifiers.draws import single
from generative_classifiers.errors import InputError
from generative_classifiers.images import squares
from generative_classifiers.models.augmentation import diffusion_noise
from generative_classifiers.models.base import choose_device, signed
from generative_classifiers.models.cnn import SmallCNN
from generative_classifiers.models.weights import check_hash, file_hash
from generative_classifiers.noise import gaussian, generator

NOISES = ("sqrt_alphas", "alphas")
RESOLUTION = 32


def load(observer, row, prompts, path, device, batch_size):
    """Load a network of the miniature: `models.load`.

    Parameters
    ----------
    observer : str
    row : dict
        `weights` (a safetensors file), and optionally `sha256`, `noise`, `resolution`.
    prompts : dict of str to str
        Its keys are the categories, some of the 16.
    path : Path or None
    device : str
    batch_size : int

    Returns
    -------
    DiscriminativeModel
    """
    unknown = [category for category in prompts if category not in CATEGORIES]
    if unknown:
        raise InputError(f"{observer}: knows {', '.join(CATEGORIES)}; not {', '.join(unknown)}")
    noise, source = row.get("noise"), path or row.get("weights")
    if not source:
        raise InputError(f"{observer}: no file is given as its weights")
    if noise is not None and noise not in NOISES:
        raise InputError(f"{observer}: noise is {noise!r}, expected null or one of {', '.join(NOISES)}")
    network = SmallCNN(len(CATEGORIES))
    try:
        weights = file_hash(source)
        check_hash(observer, source, weights, row.get("sha256"))
        network.load_state_dict(load_file(source))
    except InputError:
        raise
    except Exception as error:  # safetensors and torch each have errors of their own
        raise InputError(f"{observer}: {source} is not the weights of a {type(network).__name__} ({error})") from error
    resolution = row.get("resolution") or RESOLUTION
    model = DiscriminativeModel(network, tuple(prompts), choose_device(device), noise, batch_size, resolution)
    model.identity |= {"weights": weights}
    return model


class DiscriminativeModel:
    """A network with one logit for each of the 16 categories, behind `models.base.Model`.

    Parameters
    ----------
    network : torch.nn.Module
        Maps images (image, 3, y, x) in [-1, 1] to logits (image, 16).
    categories : tuple of str
    device : torch.device
    noise : {None, "sqrt_alphas", "alphas"}
        Diffusion noise that images are seen through.
    batch_size, resolution : int
    """

    reconstructs = False
    packages = ("torch",)

    def __init__(self, network, categories, device, noise=None, batch_size=64, resolution=RESOLUTION):
        self.network = network.eval().to(device)
        self.categories, self.device, self.noise = categories, device, noise
        self.batch_size, self.resolution = batch_size, resolution
        self.identity = {
            "family": "discriminative",
            "network": type(network).__name__,
            "categories": list(categories),
            "noise": noise,
            "batch_size": batch_size,
            "resolution": resolution,
        }

    def draws(self, count, seed, rule="golden"):
        """One draw without a time: `models.base.Model.draws`."""
        return single(seed)

    @torch.inference_mode()
    def evaluate(self, images, names, draws, reconstruct=None):
        """Evidence of a batch of images: `models.base.Model.evaluate`. There is nothing to reconstruct."""
        seen = signed(squares(images, self.resolution))
        if self.noise:
            seen = self._noised(seen, names, draws.seed.item())
        logits = torch.cat([self.network(batch.to(self.device)) for batch in seen.split(self.batch_size)])
        places = [CATEGORIES.index(category) for category in self.categories]
        loss = -logits.double().log_softmax(1)[:, places].float()
        return loss.cpu().numpy()[:, :, None], None

    def _noised(self, images, names, seed):
        """Images through diffusion noise, each the same whenever it is asked for."""
        level = torch.tensor([generator("alpha", name, seed).random() for name in names], dtype=torch.float32)
        noise = np.stack([gaussian(name, 0, seed, tuple(images.shape[1:])) for name in names])
        return diffusion_noise(images, level, torch.from_numpy(noise), self.noise)
