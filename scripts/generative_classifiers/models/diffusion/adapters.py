"""One adapter per pipeline class of diffusers: how its prompts are encoded, and how its network is called."""

import diffusers
import numpy as np
import torch
from torch.nn import functional

from generative_classifiers.io.errors import InputError
from generative_classifiers.models.diffusion.codecs import LatentCodec, PixelCodec
from generative_classifiers.models.diffusion.pixel_pipeline import PixelDiffusionPipeline
from generative_classifiers.models.encoded_prompts import check_distinct

GUIDANCE = 1.0  # none, for networks that are distilled with guidance


class Adapter:
    """What distinguishes pipeline classes from each other. The defaults are those of most classes.

    Parameters
    ----------
    observer : str
        For messages.
    pipeline : diffusers.DiffusionPipeline
    resolution : int, optional
        Pixels along a side of the images, instead of what the network was made for.

    Attributes
    ----------
    pipeline_class : type
        Of diffusers.
    codec_class : type
        Of `models.diffusion.codecs`.
    denoiser : str
        The part of the pipeline that is the network.
    unused, off : tuple of str
        Parts and settings of the pipeline that losses do not depend on. The parts are neither downloaded nor loaded.
    large : tuple of str
        Parts whose weights are kept in the network's precision, since they would fill a GPU in float32.
    packed : int
        Side of the blocks of latents that the network sees as channels.
    outputs : tuple of int
        How many channels the network may return, in multiples of its input's channels: 2 if it also returns a
        variance, which losses do not depend on.
    """

    codec_class = LatentCodec
    denoiser = "unet"
    unused = off = ()
    large = ()
    packed = 1
    outputs = (1,)

    def __init__(self, observer, pipeline, resolution=None):
        self.pipeline = pipeline
        self.network = getattr(pipeline, self.denoiser)
        self.codec = self.codec_class(pipeline)
        self.resolution = int(resolution or self._native_resolution())
        self._check(observer)

    def _native_resolution(self):
        # Flux's networks do not say it; they were made for 128 latents.
        return np.max(self.network.config.get("sample_size", 128)) * self.codec.factor

    def _check(self, observer):
        """Raise InputError if the network does not fit the codec, or the resolution the network."""
        config, channels = self.network.config, self.codec.channels * self.packed**2
        out_channels = config.out_channels or config.in_channels
        allowed = [channels * multiple for multiple in self.outputs]
        if config.in_channels != channels or out_channels not in allowed:
            raise InputError(
                f"{observer}: its network maps {config.in_channels} channels to {out_channels}, "
                f"expected {channels} to {' or '.join(map(str, allowed))}"
            )
        smallest = config.patch_size if "patch_size" in config else 2 ** (len(config.block_out_channels) - 1)
        step = self.codec.factor * self.packed * smallest
        if self.resolution < step or self.resolution % step:
            raise InputError(f"{observer}: resolution is {self.resolution}, expected a multiple of {step}")

    def condition(self, observer, prompts, device):
        """Encode the prompts. The text encoders are deleted after that, to free the device's memory.

        Parameters
        ----------
        observer : str
            For messages.
        prompts : dict of str to str
            By category.
        device : torch.device

        Returns
        -------
        dict of str to torch.Tensor
            Arguments of `predict`, (category, ...), by name.

        Raises
        ------
        InputError
            Two prompts are encoded as the same.
        """
        parts = self.pipeline.components.items()
        encoders = {name: part for name, part in parts if name.startswith("text_encoder") and part is not None}
        for encoder in encoders.values():
            encoder.to(device)
        encoded = self.encode(list(prompts.values()), device)
        for name in encoders:
            setattr(self.pipeline, name, None)
        check_distinct(observer, prompts, encoded)
        return {name: value.to(device, self.network.dtype) for name, value in encoded.items()}

    def encode(self, prompts, device):
        """Arguments of `predict` for a list of prompts: tensors (prompt, ...) by name."""
        raise NotImplementedError

    def predict(self, noised, time, **conditioning):
        """The network's prediction.

        Parameters
        ----------
        noised : torch.Tensor
            (image, channel, y, x).
        time : torch.Tensor
            (image,): the steps of the noise schedule.
        **conditioning : torch.Tensor
            (image, ...): what `condition` returned for each image's category.

        Returns
        -------
        torch.Tensor
            (image, channel, y, x).
        """
        output = self.network(noised, timestep=time, **conditioning, return_dict=False)[0]
        return output[:, : noised.shape[1]]


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
    codec_class = PixelCodec
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


class StableDiffusion3(Adapter):
    """Stable Diffusion 3 and 3.5."""

    pipeline_class = diffusers.StableDiffusion3Pipeline
    denoiser = "transformer"
    unused = ("image_encoder", "feature_extractor")
    large = ("transformer", "text_encoder_3")

    def encode(self, prompts, device):
        states, _, pooled, _ = self.pipeline.encode_prompt(
            prompts, None, None, device=device, do_classifier_free_guidance=False
        )
        return {"encoder_hidden_states": states, "pooled_projections": pooled}


class Flux(Adapter):
    """FLUX.1: "dev", distilled with guidance, and "schnell"."""

    pipeline_class = diffusers.FluxPipeline
    denoiser = "transformer"
    unused = ("image_encoder", "feature_extractor")
    large = ("transformer", "text_encoder_2")
    packed = 2

    def encode(self, prompts, device):
        # The lengths that the two variants were trained with: padding is not masked, so it matters.
        length = 512 if self.network.config.guidance_embeds else 256
        states, pooled, _ = self.pipeline.encode_prompt(prompts, device=device, max_sequence_length=length)
        return {"encoder_hidden_states": states, "pooled_projections": pooled}

    def predict(self, noised, time, encoder_hidden_states, pooled_projections):
        """The network sees a sequence of blocks of latents, with their positions."""
        blocks = functional.pixel_unshuffle(noised, self.packed)
        rows, columns = (torch.arange(length, device=noised.device) for length in blocks.shape[2:])
        output = self.network(
            blocks.flatten(2).mT,
            # The network multiplies by 1000 again. In half precision this rounds, as it does in generation.
            timestep=time / 1000,
            encoder_hidden_states=encoder_hidden_states,
            pooled_projections=pooled_projections,
            guidance=torch.full_like(time, GUIDANCE) if self.network.config.guidance_embeds else None,
            img_ids=torch.cartesian_prod(rows.new_zeros(1), rows, columns),
            txt_ids=rows.new_zeros(encoder_hidden_states.shape[1], 3),
            return_dict=False,
        )[0]
        return functional.pixel_shuffle(output.mT.unflatten(2, blocks.shape[2:]), self.packed)


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
        PixArtAlpha,
        PixArtSigma,
        DeepFloydIF,
        PixelDiffusion,
    )
}
