"""Image codecs: from images to what a diffusion network sees, and back."""

import math
from functools import cached_property

import numpy as np
import torch
from torch.nn import functional

from generative_classifiers.io.errors import InputError
from generative_classifiers.models.loading.weight_hashes import decoder_hash
from generative_classifiers.models.pixels import tensor_to_pixels
from generative_classifiers.models.reconstruction_layout import latent_layout, pixel_layout

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
        With `vae`. Nothing else of it is used.
    """

    levels = "block_out_channels"  # what the VAE's configuration calls the widths of its resolutions

    def __init__(self, pipeline):
        self.vae, config = pipeline.vae, pipeline.vae.config
        self.factor = 2 ** (len(config[self.levels]) - 1)
        self.channels = config.latent_channels
        self.scale = config.get("scaling_factor", 1.0)
        self.shift = config.get("shift_factor") or 0.0

    def check(self, observer):
        """Raise InputError if the scale or the shift of latents is none."""
        if not (0 < abs(self.scale) < math.inf and abs(self.shift) < math.inf):  # NaN is neither
            raise InputError(
                f"{observer}: its VAE has scaling_factor {self.scale} and shift_factor {self.shift}, expected finite "
                "numbers, the first of them not 0"
            )

    def encode(self, images):
        """Latents (image, channel, y / factor, x / factor) of images (image, 3, y, x) in [-1, 1]."""
        parts = vae_batches(images, images.shape[-1])
        return (torch.cat([self._latents(part) for part in parts]) - self.shift) * self.scale

    def _latents(self, images):
        """Latents as the VAE gives them."""
        return self.vae.encode(images).latent_dist.mean

    def decode(self, latents):
        """Images (image, 3, y, x) of latents."""
        parts = vae_batches(latents / self.scale + self.shift, latents.shape[-1] * self.factor)
        return torch.cat([self.vae.decode(part).sample for part in parts])

    @cached_property
    def hash(self):
        """SHA-256 of what `decode` depends on."""
        return decoder_hash(self.vae, scale=self.scale, shift=self.shift)

    def layout(self, resolution):
        """How reconstructions with so many pixels along a side are kept: 24 times as small in Stable Diffusion."""
        return latent_layout(self.channels, resolution // self.factor, self.hash)

    def keep(self, latents):
        """Reconstructions (image, …) in that layout."""
        limit = torch.finfo(torch.float16).max
        return latents.float().clamp(-limit, limit).half().cpu().numpy()

    def pixels(self, kept):
        """uint8 images (image, y, x, channel) of what `keep` returned."""
        latents = torch.from_numpy(np.asarray(kept)).to(self.vae.device, torch.float32)
        return tensor_to_pixels(self.decode(latents))


class DeepCompressionCodec(LatentCodec):
    """Scaled latents of an AutoencoderDC, which has no posterior (arXiv 2410.10733)."""

    levels = "encoder_block_out_channels"

    def _latents(self, images):
        return self.vae.encode(images).latent


class Flux2Codec(LatentCodec):
    """Latents of FLUX.2's VAE, normalised by its statistics of each place in blocks of 2 x 2 latents."""

    block = 2

    def encode(self, images):
        blocks = functional.pixel_unshuffle(super().encode(images), self.block)
        mean, deviation = self._statistics()
        return functional.pixel_shuffle((blocks - mean) / deviation, self.block)

    def decode(self, latents):
        mean, deviation = self._statistics()
        blocks = functional.pixel_unshuffle(latents, self.block) * deviation + mean
        return super().decode(functional.pixel_shuffle(blocks, self.block))

    def _statistics(self):
        """Mean and standard deviation, (channel, 1, 1)."""
        norm = self.vae.bn
        deviation = (norm.running_var + self.vae.config.batch_norm_eps).sqrt()
        return norm.running_mean[:, None, None], deviation[:, None, None]


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

    def check(self, observer):
        """Pixels have no scale."""

    def encode(self, images):
        """Blocks (image, 3 * factor**2, y / factor, x / factor) of images (image, 3, y, x)."""
        return functional.pixel_unshuffle(images, self.factor)

    def decode(self, blocks):
        """Images (image, 3, y, x) of blocks."""
        return functional.pixel_shuffle(blocks, self.factor)

    def layout(self, resolution):
        """How reconstructions with so many pixels along a side are kept."""
        return pixel_layout(resolution)

    def keep(self, blocks):
        """Reconstructions (image, …) in that layout."""
        return tensor_to_pixels(self.decode(blocks))

    def pixels(self, kept):
        """uint8 images (image, y, x, channel) of what `keep` returned."""
        return kept


class SubsampledColourCodec(PixelCodec):
    """Square blocks of pixels: the luma of every pixel, and the mean of each of the two chromas.

    The colour space and the sampling are JPEG's, with 4:2:0 for blocks of 2 x 2 pixels (ITU-T T.871).
    """

    RED, BLUE = 0.299, 0.114  # shares of the luma

    def __init__(self, pipeline):
        super().__init__(pipeline)
        self.channels = self.factor**2 + 2

    def encode(self, images):
        """Blocks (image, factor**2 + 2, y / factor, x / factor) of images (image, 3, y, x)."""
        red, green, blue = images.split(1, dim=1)
        luma = self.RED * red + (1 - self.RED - self.BLUE) * green + self.BLUE * blue
        chroma = torch.cat([(blue - luma) / (1 - self.BLUE), (red - luma) / (1 - self.RED)], 1) / 2
        return torch.cat([functional.pixel_unshuffle(luma, self.factor), functional.avg_pool2d(chroma, self.factor)], 1)

    def decode(self, blocks):
        """Images (image, 3, y, x) of blocks. The pixels of a block have the same chroma."""
        luma = functional.pixel_shuffle(blocks[:, :-2], self.factor)
        blue, red = functional.interpolate(2 * blocks[:, -2:], scale_factor=self.factor).split(1, dim=1)
        blue, red = luma + (1 - self.BLUE) * blue, luma + (1 - self.RED) * red
        green = (luma - self.RED * red - self.BLUE * blue) / (1 - self.RED - self.BLUE)
        return torch.cat([red, green, blue], 1)


def pixel_codec(pipeline):
    """The codec of a `PixelDiffusionPipeline`."""
    return SubsampledColourCodec(pipeline) if pipeline.config.subsampled_colour else PixelCodec(pipeline)
