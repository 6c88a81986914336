"""Image codecs: what a diffusion network sees instead of an image, and back. The only thing that tells
pixel models from latent ones."""

import torch

# A VAE's activations at full resolution are many times those of the network behind it.
VAE_BATCH = 8


class LatentCodec:
    """Scaled latents of a VAE: the posterior's mean, no sampling.

    Parameters
    ----------
    pipeline : diffusers.StableDiffusionPipeline
    """

    def __init__(self, pipeline):
        self.vae = pipeline.vae
        self.factor = 2 ** (len(self.vae.config.block_out_channels) - 1)
        self.channels = self.vae.config.latent_channels
        self.scale = self.vae.config.scaling_factor
        self.shift = self.vae.config.shift_factor or 0.0

    def encode(self, images):
        """(image, channel, y / factor, x / factor) of images (image, 3, y, x) in [-1, 1]."""
        means = [self.vae.encode(part).latent_dist.mean for part in images.split(VAE_BATCH)]
        return (torch.cat(means) - self.shift) * self.scale

    def decode(self, latents):
        """Images (image, 3, y, x)."""
        latents = latents / self.scale + self.shift
        return torch.cat([self.vae.decode(part).sample for part in latents.split(VAE_BATCH)])


class PixelCodec:
    """Blocks of pixels as channels.

    Parameters
    ----------
    pipeline : PixelDiffusionPipeline
    """

    def __init__(self, pipeline):
        self.factor = pipeline.config.pixel_unshuffle
        self.channels = 3 * self.factor**2
        self.encode = pipeline.encode
        self.decode = pipeline.decode
