"""What pixel diffusion models see: blocks of RGB, or of luma with one value of each chroma."""

from types import SimpleNamespace

import numpy as np
import torch
from PIL import Image

from generative_classifiers.models.diffusion.codecs import PixelCodec, pixel_codec
from generative_classifiers.models.pixels import pixels_to_tensor, tensor_to_pixels

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype="uint8")


def codec(subsampled):
    """The codec of blocks of 2 x 2 pixels."""
    config = {"pixel_unshuffle": 2, "subsampled_colour": subsampled}
    return pixel_codec(SimpleNamespace(config=SimpleNamespace(**config, get=config.get)))


def test_blocks_of_rgb_keep_every_pixel():
    blocks = codec(False).encode(pixels_to_tensor(PIXELS))
    assert type(codec(False)) is PixelCodec
    assert blocks.shape == (3, codec(False).channels, 4, 4)
    assert np.array_equal(codec(False).keep(blocks), PIXELS)


def test_subsampled_colour_is_that_of_jpeg():
    blocks = codec(True).encode(pixels_to_tensor(PIXELS)).numpy()
    assert blocks.shape == (3, codec(True).channels, 4, 4)
    for image, block in zip(PIXELS, blocks, strict=True):
        luma, *chroma = np.moveaxis(np.asarray(Image.fromarray(image).convert("YCbCr")) / 127.5 - 1, -1, 0)
        rounding = 1.01 / 127.5  # Pillow rounds down
        assert np.abs(block[:4] - luma.reshape(4, 2, 4, 2).transpose(1, 3, 0, 2).reshape(4, 4, 4)).max() < rounding
        means = np.stack(chroma).reshape(2, 4, 2, 4, 2).mean((2, 4))
        # Pillow's chroma is 128 where there is no colour, ours is 0.
        assert np.abs(block[4:] + 0.5 / 127.5 - means).max() < rounding


def test_what_subsampled_colour_keeps():
    grey = np.repeat(PIXELS[..., :1], 3, axis=-1)
    uniform = np.broadcast_to(PIXELS[:, :1, :1], PIXELS.shape)
    for images in (grey, uniform):
        assert np.array_equal(codec(True).keep(codec(True).encode(pixels_to_tensor(images))), images)
    blocks = codec(True).encode(pixels_to_tensor(PIXELS))
    assert torch.allclose(codec(True).encode(codec(True).decode(blocks)), blocks, atol=1e-6)
    assert codec(True).pixels(tensor_to_pixels(codec(True).decode(blocks))).dtype == "uint8"
