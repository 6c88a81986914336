"""Diffusion models: the loss of a category is the squared error of the image denoised under its prompt."""

import numpy as np
import torch

from generative_classifiers.draws import levels
from generative_classifiers.draws.noise import gaussian
from generative_classifiers.models.base import DTYPES, choose_device, signed, unsigned
from generative_classifiers.models.batches import LastResultCache, batches, everything, samples
from generative_classifiers.models.diffusion import shared_prefix
from generative_classifiers.models.diffusion.schedules import schedule
from generative_classifiers.models.loading.pipelines import load_pipeline
from generative_classifiers.stimuli.square_images import squares


def load(observer, row, prompts, path, device, batch_size):
    """Load a diffusion observer: `models.load`.

    Parameters
    ----------
    observer : str
    row : study.observers.DiffusionObserver
    prompts : dict of str to str
    path : Path or None
    device : str
    batch_size : int

    Returns
    -------
    DiffusionModel
    """
    device = choose_device(device)  # wrong ones are told before large weights are loaded
    adapter, identity = load_pipeline(observer, row, path, DTYPES[row.dtype])
    model = DiffusionModel(observer, adapter, prompts, device, row.dtype, batch_size)
    model.identity |= identity
    return model


class DiffusionModel:
    """A text-conditional diffusion network behind `models.base.Model`.

    Parameters
    ----------
    observer : str
        For messages.
    adapter : models.adapters.Adapter
    prompts : dict of str to str
    device : torch.device
    dtype : {"float32", "bfloat16", "float16"}
        Precision of the network; what is made of its predictions is float32.
    batch_size : int
    """

    reconstructs = True
    packages = ("torch", "diffusers", "transformers")

    @torch.inference_mode()
    def __init__(self, observer, adapter, prompts, device, dtype="float32", batch_size=64):
        self.adapter, self.codec, self.resolution = adapter, adapter.codec, adapter.resolution
        self.device, self.dtype, self.batch_size = device, DTYPES[dtype], batch_size
        self.encode = LastResultCache(self._encode)
        self.schedule = schedule(observer, adapter.pipeline.scheduler)
        self.categories = tuple(prompts)
        self.conditioning = adapter.condition(observer, prompts, device)
        adapter.pipeline.to(device, silence_dtype_warnings=True)
        self.network = adapter.network.to(memory_format=torch.channels_last)  # a fifth faster on CPUs
        shared_prefix.share(self.network)
        self.identity = {
            "family": "diffusion",
            "prompts": dict(prompts),
            "dtype": dtype,
            "batch_size": batch_size,
            "resolution": self.resolution,
        }

    def draws(self, count, seed, rule="golden"):
        """Times, and what the noise schedule makes of them: `models.base.Model.draws`."""
        time = levels.times(count, seed, rule)
        alpha, sigma = self.schedule.scales(time)
        return levels.Draws(np.arange(count), time, alpha, sigma, np.full(count, seed, np.int64))

    @torch.inference_mode()
    def evaluate(self, images, names, draws, reconstruct=None, wanted=None):
        """Evidence of a batch of images: `models.base.Model.evaluate`.

        Batches cross draws, images and categories. What else is asked for decides which evaluations share one, and
        so how their losses are rounded: by 1e-4 at most.
        """
        wanted = everything(self, names, draws) if wanted is None else wanted
        keep, kept = draws.number == reconstruct, []
        loss = torch.full(wanted.shape, torch.nan, device=self.device)
        # On a GPU, float32 is float32 and the same bytes come again.
        with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
            clean = self.encode(images)
            with self._precision():  # around all batches, so that weights are cast once
                for batch in batches(wanted | keep, self.batch_size):
                    there = batch.to(self.device)
                    denoised, error = self._evaluate_batch(clean, names, draws, batch, there)
                    loss[there.image, there.category, there.draw] = error
                    if keep[batch.draw].any():
                        kept.append(denoised[np.flatnonzero(keep[batch.draw])])
            reconstruction = self._paint(kept) if kept else None
        loss = loss.cpu().numpy()
        loss[~wanted] = np.nan
        return loss, reconstruction

    @torch.inference_mode()
    def add_noise(self, images, names, draw):
        """What is left of images in noise: `models.base.Model.add_noise`. Latents are decoded with their noise."""
        with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
            clean, batch = self.encode(images), samples(len(names))
            noised = draw.alpha.item() * clean + draw.sigma.item() * self._noise(clean, names, draw, batch)
            return unsigned(self.codec.decode(noised))

    def _encode(self, images):
        """What the network sees of uint8 images without noise, (image, channel, y, x)."""
        return self.codec.encode(signed(squares(images, self.resolution)).to(self.device))

    def _precision(self):
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)

    def _evaluate_batch(self, clean, names, draws, batch, there):
        """Denoised images (evaluation, channel, y, x) of a batch, here and on the device, and losses (evaluation,)."""
        target = clean[there.image]
        alpha, sigma = (self._scale(values[batch.draw]) for values in (draws.alpha, draws.sigma))
        noised = alpha * target + sigma * self._noise(target, names, draws, batch)[there.sample]
        step = torch.as_tensor(self.schedule.steps(draws.time[batch.draw]), device=self.device)
        denoised = self.schedule.denoise(self._predict(noised, step, there), noised, alpha, sigma)
        return denoised, (target - denoised).square().flatten(1).mean(1)

    def _noise(self, like, names, draws, batch):
        """The noise of a batch's samples, (sample, channel, y, x)."""
        noise = np.stack([gaussian(*key, tuple(like.shape[1:])) for key in batch.samples(names, draws)])
        return torch.from_numpy(noise).to(self.device, non_blocking=True)

    def _scale(self, values):
        """What images are multiplied with, one each, (evaluation, 1, 1, 1)."""
        return torch.as_tensor(values, dtype=torch.float32, device=self.device)[:, None, None, None]

    def _predict(self, noised, step, batch):
        """The network's float32 prediction under the prompts of a batch."""
        conditioning = {name: value[batch.category] for name, value in self.conditioning.items()}
        with shared_prefix.samples(batch.sample, batch.first):
            return self.adapter.predict(noised, step, **conditioning).float()

    def _paint(self, denoised):
        """Images (image, category, y, x, channel) of batches of denoised ones, flat."""
        painted = np.concatenate([unsigned(self.codec.decode(batch)) for batch in denoised])
        return painted.reshape(-1, len(self.categories), *painted.shape[1:])
