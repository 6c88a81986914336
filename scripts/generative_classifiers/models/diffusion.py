"""Diffusion models: the loss of a category is the squared error of the image denoised under its prompt."""

import numpy as np
import torch

from generative_classifiers import draws as levels
from generative_classifiers.images import squares
from generative_classifiers.models.base import DTYPES, check_dtype, choose_device, signed, unsigned
from generative_classifiers.models.pipelines import load_pipeline
from generative_classifiers.models.schedules import schedule
from generative_classifiers.noise import gaussian


def load(observer, row, prompts, path, device, batch_size):
    """Load a diffusion observer: `models.load`.

    Parameters
    ----------
    observer : str
    row : dict
        `pipeline` (folder or hub id), and optionally `revision`, `sha256`, `variant`, `dtype`, `resolution`.
    prompts : dict of str to str
    path : Path or None
    device : str
    batch_size : int

    Returns
    -------
    DiffusionModel
    """
    dtype = check_dtype(observer, row)
    device = choose_device(device)  # wrong ones are told before large weights are loaded
    adapter, identity = load_pipeline(observer, row, path, DTYPES[dtype])
    model = DiffusionModel(observer, adapter, prompts, device, dtype, batch_size)
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
        self.schedule = schedule(observer, adapter.pipeline.scheduler)
        self.categories = tuple(prompts)
        self.conditioning = adapter.condition(observer, prompts, device)
        adapter.pipeline.to(device, silence_dtype_warnings=True)
        adapter.network.to(memory_format=torch.channels_last)  # a fifth faster on CPUs
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

        Batches cross images and categories but not draws: more draws do not change the batches of the first.
        """
        # On a GPU, float32 is float32 and the same bytes come again.
        with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
            clean = self._encode(images)
            if wanted is None:
                wanted = np.ones((len(names), len(self.categories), len(draws)), bool)
            loss, reconstruction = np.full(wanted.shape, np.nan, np.float32), None
            for place in range(len(draws)):
                keep = draws.number[place] == reconstruct
                pairs = np.argwhere(wanted[:, :, place] | keep).T
                if pairs.size:
                    found, denoised = self._evaluate_draw(clean, names, draws[place : place + 1], pairs, keep)
                    loss[(*pairs, place)] = found
                if keep:
                    reconstruction = self._paint(denoised)
        loss[~wanted] = np.nan
        return loss, reconstruction

    @torch.inference_mode()
    def hide(self, images, names, draw):
        """What is left of images in noise: `models.base.Model.hide`. Latents are decoded with their noise."""
        return unsigned(self.codec.decode(self._noise(self._encode(images), names, draw)))

    def _encode(self, images):
        """What the network sees, without noise, of uint8 (image, y, x, channel)."""
        return self.codec.encode(signed(squares(images, self.resolution)).to(self.device))

    def _noise(self, clean, names, draw):
        """What the network is given at one draw."""
        number, alpha, sigma, seed = (v.item() for v in (draw.number, draw.alpha, draw.sigma, draw.seed))
        noise = np.stack([gaussian(name, number, seed, tuple(clean.shape[1:])) for name in names])
        return alpha * clean + sigma * torch.from_numpy(noise).to(self.device)

    def _evaluate_draw(self, clean, names, draw, pairs, keep):
        """Losses of one draw for images and their categories, (2, pair), and the denoised images if they are kept."""
        alpha, sigma = draw.alpha.item(), draw.sigma.item()
        noised = self._noise(clean, names, draw)
        step = torch.as_tensor(self.schedule.steps(draw.time), device=self.device)
        losses, kept = [], []
        for image, category in torch.from_numpy(pairs).to(self.device).split(self.batch_size, dim=1):
            prediction = self._predict(noised[image], step, category)
            denoised = self.schedule.denoise(prediction, noised[image], alpha, sigma)
            losses.append((clean[image] - denoised).square().flatten(1).mean(1))
            if keep:
                kept.append(denoised)
        return torch.cat(losses).cpu().numpy(), kept

    def _predict(self, noised, step, category):
        """The network's float32 prediction under the prompts of categories, computed in its own precision."""
        conditioning = {name: value[category] for name, value in self.conditioning.items()}
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
            return self.adapter.predict(noised, step.expand(len(noised)), **conditioning).float()

    def _paint(self, denoised):
        """Images (image, category, y, x, channel) of batches of denoised ones, flat."""
        painted = np.concatenate([unsigned(self.codec.decode(batch)) for batch in denoised])
        return painted.reshape(-1, len(self.categories), *painted.shape[1:])
