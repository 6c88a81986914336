"""Diffusion models: the loss of a category is the squared error of the image denoised under its prompt."""

from types import SimpleNamespace

import numpy as np
import torch

from generative_classifiers.draws import levels
from generative_classifiers.draws.density import weighted_density
from generative_classifiers.draws.noise import gaussian
from generative_classifiers.models.base import DTYPES
from generative_classifiers.models.devices import to_device
from generative_classifiers.models.diffusion import shared_prefix
from generative_classifiers.models.diffusion.schedules import schedule
from generative_classifiers.models.distances import Perceptual, distance_of, mean_square
from generative_classifiers.models.generative import GenerativeModel
from generative_classifiers.models.loading.diffusers_pipelines import load_pipeline, load_vae
from generative_classifiers.models.pixels import tensor_to_pixels


def load_decoder(observer, row, path=None, device=None):
    """The decoder of an observer's reconstructions: `models.load_decoder`."""
    adapter, vae = load_vae(observer, row, path)
    return adapter.codec_class(SimpleNamespace(vae=vae.to(device)))


def load(observer, row, prompts, runtime, *, path=None, mirror=None):
    """Load a diffusion observer.

    Parameters
    ----------
    observer, prompts, path, mirror
        As for `models.load`. There is no use for `mirror`: these files come from the Hugging Face hub.
    row : study.observers.DiffusionObserver
    runtime : models.base.Runtime

    Returns
    -------
    DiffusionModel
    """
    adapter, weights = load_pipeline(observer, row, path, DTYPES[runtime.dtype])
    return DiffusionModel(observer, adapter, prompts, runtime, weights, row.distance)


class DiffusionModel(GenerativeModel):
    """A text-conditional diffusion or flow-matching network.

    Parameters
    ----------
    observer : str
    adapter : models.diffusion.adapters.Adapter
    prompts : dict of str to str
    runtime : models.base.Runtime
        What is made of the network's predictions is float32, whatever the network's precision.
    weights : dict
        The identity of the weights, as `load_pipeline` returns it.
    distance : {"latent", "l2", "perceptual"}
        What the loss is: the squared error of what the network sees, or a distance between the image and its
        reconstruction, which is decoded for every evaluation.
    """

    family = "diffusion"
    reconstructs = True
    packages = ("torch", "diffusers", "transformers")

    @torch.inference_mode()
    def __init__(self, observer, adapter, prompts, runtime, weights, distance="latent"):
        self.adapter, self.codec = adapter, adapter.codec
        self.schedule = schedule(observer, adapter.pipeline.scheduler)
        self.loss_version = self.schedule.loss_version
        self.conditioning = adapter.condition(observer, prompts, runtime.device)
        adapter.pipeline.to(runtime.device, silence_dtype_warnings=True)
        network = adapter.network.to(memory_format=torch.channels_last)  # a fifth faster on CPUs
        shared_prefix.share(network)
        self.distance, chosen = None, {}
        if distance != "latent":
            self.distance, chosen = distance_of(observer, distance, adapter.resolution, runtime.device)
        super().__init__(observer, network, prompts, adapter.resolution, runtime, chosen | weights)

    def terms(self):
        """The pixels' or latents' values, or None: `models.base.Model.terms`."""
        if isinstance(self.distance, Perceptual):
            return None
        image = np.zeros((1, self.resolution, self.resolution, 3), np.uint8)
        with torch.inference_mode():
            pixels, clean = self.encode(image)
        return (clean if self.distance is None else pixels).numel()

    def draws(self, count, seed, rule="golden"):
        """Times, and the scales that the noise schedule gives them: `models.base.Model.draws`."""
        time = levels.times(count, seed, rule)
        alpha, sigma = self.scales(time)
        seeds, density = np.full(count, seed, np.int64), levels.density_at(time, rule)
        return levels.Draws(np.arange(count), time, alpha, sigma, seeds, density)

    def scales(self, time):
        """Those of the noise schedule: `models.base.Model.scales`."""
        return self.schedule.scales(time)

    def density(self, table):
        """That of the schedule's levels: `models.base.Model.density`."""
        return weighted_density(table, self.scales)

    def _encode(self, images):
        """Images (image, 3, y, x) in [-1, 1], and what the network sees of them, (image, channel, y, x)."""
        pixels = self._pixels(images)
        return pixels, self.codec.encode(pixels)

    def _evaluate_batch(self, encoded, names, draws, batch, kept):
        pixels, clean = encoded
        indices, draw = batch.to(self.device), draws[batch.draw]
        target = clean[indices.image]
        alpha, sigma = self._per_image(draw.alpha), self._per_image(draw.sigma)
        noise = self._noise(*batch.noised_images(names, draws), clean.shape[1:])
        noised = alpha * target + sigma * noise[indices.noised]
        step = to_device(self.schedule.steps(draw.time), self.device)
        denoised = self.schedule.denoise(self._predict(noised, step, indices), noised, alpha, sigma)
        kept = np.flatnonzero(kept)
        reconstruction = self._keep(denoised[kept]) if len(kept) else None
        if self.distance is None:
            return mean_square(target, denoised), reconstruction
        with self._full_precision():
            painted = self.codec.decode(denoised).clamp(-1, 1)
            return self.distance(pixels[indices.image], painted), reconstruction

    @property
    def reconstruction_layout(self):
        """Pixels, or latents: `models.base.Model.reconstruction_layout`."""
        return self.codec.layout(self.resolution)

    def _to_pixels(self, reconstruction):
        return self.codec.pixels(reconstruction)

    def _add_noise(self, images, names, draws):
        """Noised images; latents are decoded with their noise."""
        _, clean = self.encode(images)
        noise = self._noise(names, draws, clean.shape[1:])
        noised = self._per_image(draws.alpha) * clean + self._per_image(draws.sigma) * noise
        return tensor_to_pixels(self.codec.decode(noised))

    def _noise(self, names, draws, shape):
        """The noise of noised images (noised image, channel, y, x), by their names and draws."""
        keys = zip(names, draws.number, draws.seed, strict=True)
        noise = np.stack([gaussian(name, number, seed, tuple(shape)) for name, number, seed in keys])
        return to_device(noise, self.device)

    def _per_image(self, values):
        """One number for each image, (image, 1, 1, 1) in float32."""
        return to_device(values.astype(np.float32), self.device)[:, None, None, None]

    def _predict(self, noised, step, batch):
        """The network's float32 prediction under the prompts of a batch."""
        conditioning = {name: value[batch.category] for name, value in self.conditioning.items()}
        with shared_prefix.noised_images(batch.first, batch.noised):
            return self.adapter.predict(noised, step, **conditioning).float()

    def _keep(self, denoised):
        """Denoised images in the layout of reconstructions."""
        with self._full_precision():
            return self.codec.keep(denoised)
