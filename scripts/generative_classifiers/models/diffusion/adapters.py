"""One adapter per pipeline class of diffusers: how its prompts are encoded, and how its network is called.

This module has those of networks with a table of noise levels; `flow_adapters` has the others.
"""

import diffusers
import torch

from generative_classifiers.models.diffusion.adapter import Adapter
from generative_classifiers.models.diffusion.codecs import DeepCompressionCodec, PixelCodec, pixel_codec
from generative_classifiers.models.diffusion.flow_adapters import Flux, Flux2Klein, Lumina2, Sana, StableDiffusion3
from generative_classifiers.models.diffusion.pipelines import LatentDiffusionPipeline, PixelDiffusionPipeline


class StableDiffusion(Adapter):
    """Stable Diffusion 1 and 2."""

    pipeline_class = diffusers.StableDiffusionPipeline
    unused = ("safety_checker", "feature_extractor", "image_encoder")
    off = ("requires_safety_checker",)

    def encode(self, prompts, device):
        """The encoder's last hidden state for prompts padded to the tokenizer's length."""
        tokenizer, encoder = self.pipeline.tokenizer, self.pipeline.text_encoder
        length = tokenizer.model_max_length
        tokens = tokenizer(prompts, padding="max_length", max_length=length, truncation=True, return_tensors="pt")
        uses_mask = getattr(encoder.config, "use_attention_mask", False)
        mask = tokens.attention_mask.to(device) if uses_mask else None
        return {"encoder_hidden_states": encoder(tokens.input_ids.to(device), attention_mask=mask)[0]}


class PixelDiffusion(StableDiffusion):
    """Like Stable Diffusion, with blocks of pixels instead of latents."""

    pipeline_class = PixelDiffusionPipeline
    codec_class = staticmethod(pixel_codec)
    unused = off = ()


class LatentDiffusion(StableDiffusion):
    """Like Stable Diffusion, with latents of an AutoencoderDC."""

    pipeline_class = LatentDiffusionPipeline
    codec_class = DeepCompressionCodec
    unused = off = ()


class StableDiffusionXL(Adapter):
    """Stable Diffusion XL, told that the images were neither resized nor cropped."""

    pipeline_class = diffusers.StableDiffusionXLPipeline
    unused, off = ("image_encoder", "feature_extractor"), ("add_watermarker",)

    def encode(self, prompts, device):
        states, _, pooled, _ = self.pipeline.encode_prompt(prompts, device=device, do_classifier_free_guidance=False)
        size = (self.resolution, self.resolution)
        sizes = torch.tensor([(*size, 0, 0, *size)]).expand(len(prompts), -1)  # original size, crop, target size
        return {"encoder_hidden_states": states, "text_embeds": pooled, "time_ids": sizes}

    def predict(self, noised, time, encoder_hidden_states, **added):
        return super().predict(noised, time, encoder_hidden_states=encoder_hidden_states, added_cond_kwargs=added)


class PixArtAlpha(Adapter):
    """PixArt-alpha."""

    pipeline_class = diffusers.PixArtAlphaPipeline
    denoiser = "transformer"
    large = ("text_encoder",)
    outputs = (1, 2)

    def encode(self, prompts, device):
        states, mask, _, _ = self.pipeline.encode_prompt(prompts, device=device, do_classifier_free_guidance=False)
        encoded = {"encoder_hidden_states": states, "encoder_attention_mask": mask}
        if self.network.use_additional_conditions:
            encoded["resolution"] = torch.full((len(prompts), 2), self.resolution)
            encoded["aspect_ratio"] = torch.ones(len(prompts), 1)
        return encoded

    def predict(self, noised, time, encoder_hidden_states, encoder_attention_mask, **sizes):
        return super().predict(
            noised,
            time,
            encoder_hidden_states=encoder_hidden_states,
            encoder_attention_mask=encoder_attention_mask,
            added_cond_kwargs=sizes or None,
        )


class PixArtSigma(PixArtAlpha):
    """PixArt-sigma."""

    pipeline_class = diffusers.PixArtSigmaPipeline


class DeepFloydIF(Adapter):
    """DeepFloyd IF's first stage, which works on pixels."""

    pipeline_class = diffusers.IFPipeline
    codec_class = PixelCodec
    unused, off = ("safety_checker", "feature_extractor", "watermarker"), ("requires_safety_checker",)
    large = ("unet", "text_encoder")
    outputs = (2,)

    def encode(self, prompts, device):
        states, _ = self.pipeline.encode_prompt(prompts, device=device, do_classifier_free_guidance=False)
        return {"encoder_hidden_states": states}


# By the `_class_name` in a pipeline's index.
ADAPTERS = {
    adapter.pipeline_class.__name__: adapter
    for adapter in (
        StableDiffusion,
        StableDiffusionXL,
        StableDiffusion3,
        Flux,
        Flux2Klein,
        Sana,
        Lumina2,
        PixArtAlpha,
        PixArtSigma,
        DeepFloydIF,
        PixelDiffusion,
        LatentDiffusion,
    )
}
