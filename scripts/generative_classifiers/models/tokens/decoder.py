"""From image tokens to pixels."""

from functools import cached_property

import numpy as np
import torch

from generative_classifiers.models.loading.weight_hashes import decoder_hash
from generative_classifiers.models.pixels import tensor_to_pixels

# Images decoded at once: a decoder's activations at full resolution are many times those of the transformer.
DECODED_AT_ONCE = 8


class TokenDecoder:
    """The decoder of a VQ model.

    Parameters
    ----------
    vqvae : diffusers.VQModel
    """

    def __init__(self, vqvae):
        self.vqvae = vqvae

    def decode(self, tokens):
        """Images (image, 3, y, x) of tokens (image, y, x), clipped to the values of pixels, [-1, 1]."""
        channels = self.vqvae.quantize.vq_embed_dim
        images = []
        for part in tokens.split(DECODED_AT_ONCE):
            decoded = self.vqvae.decode(part, force_not_quantize=True, shape=(*part.shape, channels))
            images.append(decoded.sample)
        return torch.cat(images).clamp(0, 1) * 2 - 1

    @cached_property
    def hash(self):
        """SHA-256 of what `decode` depends on."""
        return decoder_hash(self.vqvae)

    def pixels(self, kept):
        """uint8 images (image, y, x, channel) of tokens uint16 (image, y, x)."""
        tokens = torch.from_numpy(np.asarray(kept).astype(np.int64)).to(self.vqvae.device)
        return tensor_to_pixels(self.decode(tokens))
