"""Image codecs: from images to what a diffusion network sees, and back."""

import torch
from torch.nn import functional

# Images of 512 x 512 at once: a VAE's activations at full resolution are many times those of the diffusion network.
VAE_BATCH = 8


def vae_batches(images, side):
    """Images, or their latents, in parts that fit into memory; `side` is that of the images in pixels."""
    return images.split(max(1, VAE_BATCH * 512**2 // max(side, 512) ** 2))


class LatentCodec:
    """Scaled latents of a VAE: the mean of the posterior, without sampling.

    Parameters
    ----------
    pipeline : diffusers.DiffusionPipeline
        With `vae`, an AutoencoderKL.
    """

    def __init__(self, pipeline):
        self.vae = pipeline.vae
        self.factor = 2 ** (len(self.vae.config.block_out_channels) - 1)
        self.channels = self.vae.config.latent_channels
        self.scale = self.vae.config.scaling_factor
        self.shift = self.vae.config.shift_factor or 0.0

    def encode(self, images):
        """Latents (image, channel, y / factor, x / factor) of images (image, 3, y, x) in [-1, 1]."""
        parts = vae_batches(images, images.shape[-1])
        return (torch.cat([self.vae.encode(part).latent_dist.mean for part in parts]) - self.shift) * self.scale

    def decode(self, latents):
        """Images (image, 3, y, x) of latents."""
        parts = vae_batches(latents / self.scale + self.shift, latents.shape[-1] * self.factor)
        return torch.cat([self.vae.decode(part).sample for part in parts])


class PixelCodec:
    """Pixels, or square blocks of pixels as channels.

    Parameters
    ----------
    pipeline : diffusers.DiffusionPipeline
        The side of the blocks is `pixel_unshuffle` of its configuration.
    """

    def __init__(self, pipeline):
        self.factor = pipeline.config.get("pixel_unshuffle", 1)
        self.channels = 3 * self.factor**2

    def encode(self, images):
        """Blocks (image, 3 * factor**2, y / factor, x / factor) of images (image, 3, y, x)."""
        return functional.pixel_unshuffle(images, self.factor)

    def decode(self, blocks):
        """Images (image, 3, y, x) of blocks."""
        return functional.pixel_shuffle(blocks, self.factor)
