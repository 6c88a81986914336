"""A pipeline for text-conditional diffusion models of pixels, made of classes of diffusers and transformers."""

from diffusers import DiffusionPipeline
from torch.nn import functional


class PixelDiffusionPipeline(DiffusionPipeline):
    """A pipeline without a VAE: its network sees square blocks of pixels as channels.

    `save_pretrained` and `from_pretrained` work as for every diffusers pipeline.

    Parameters
    ----------
    unet : diffusers.UNet2DConditionModel
        Its `in_channels` and `out_channels` are 3 * pixel_unshuffle**2, its `sample_size` is side / pixel_unshuffle.
    text_encoder : transformers.CLIPTextModel
    tokenizer : transformers.CLIPTokenizer
    scheduler : diffusers.SchedulerMixin
        Its `alphas_cumprod` is the noise schedule, its `prediction_type` says what the network predicts.
    pixel_unshuffle : int
        Side of the blocks in pixels.
    """

    def __init__(self, unet, text_encoder, tokenizer, scheduler, pixel_unshuffle: int = 2):
        super().__init__()
        self.register_modules(unet=unet, text_encoder=text_encoder, tokenizer=tokenizer, scheduler=scheduler)
        self.register_to_config(pixel_unshuffle=pixel_unshuffle)

    def encode(self, images):
        """Blocks as channels, (batch, 3 * block**2, y / block, x / block), of images (batch, 3, y, x)."""
        return functional.pixel_unshuffle(images, self.config.pixel_unshuffle)

    def decode(self, sample):
        """Images (batch, 3, y, x), the inverse of `encode`."""
        return functional.pixel_shuffle(sample, self.config.pixel_unshuffle)
