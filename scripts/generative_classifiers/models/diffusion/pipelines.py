"""Pipelines for text-conditional diffusion models, made of classes of diffusers and transformers."""

from diffusers import AutoencoderDC, DiffusionPipeline


class PixelDiffusionPipeline(DiffusionPipeline):
    """A pipeline without a VAE: its network sees square blocks of pixels as channels.

    `save_pretrained` and `from_pretrained` work as for every diffusers pipeline.

    Parameters
    ----------
    unet : diffusers.UNet2DConditionModel
        Its `in_channels` and `out_channels` are those of the codec, its `sample_size` is side / pixel_unshuffle.
    text_encoder : transformers.CLIPTextModel
    tokenizer : transformers.CLIPTokenizer
    scheduler : diffusers.SchedulerMixin
        Its `alphas_cumprod` is the noise schedule, its `prediction_type` says what the network predicts.
    pixel_unshuffle : int
        Side of the blocks in pixels.
    subsampled_colour : bool
        Whether the network sees blocks of luma, with one value of each chroma for a block, instead of blocks of RGB:
        `models.diffusion.codecs.pixel_codec`.
    """

    def __init__(
        self, unet, text_encoder, tokenizer, scheduler, pixel_unshuffle: int = 2, subsampled_colour: bool = False
    ):
        super().__init__()
        self.register_modules(unet=unet, text_encoder=text_encoder, tokenizer=tokenizer, scheduler=scheduler)
        self.register_to_config(pixel_unshuffle=pixel_unshuffle, subsampled_colour=subsampled_colour)


class LatentDiffusionPipeline(DiffusionPipeline):
    """Stable Diffusion with the autoencoder of Sana, which shuffles pixels instead of interpolating them.

    Parameters
    ----------
    vae : diffusers.AutoencoderDC
    unet : diffusers.UNet2DConditionModel
        Its `in_channels` and `out_channels` are the channels of the latents, its `sample_size` is their side.
    text_encoder : transformers.CLIPTextModel
    tokenizer : transformers.CLIPTokenizer
    scheduler : diffusers.SchedulerMixin
        As of a `PixelDiffusionPipeline`.
    """

    def __init__(self, vae: AutoencoderDC, unet, text_encoder, tokenizer, scheduler):
        super().__init__()
        self.register_modules(vae=vae, unet=unet, text_encoder=text_encoder, tokenizer=tokenizer, scheduler=scheduler)
