"""Adapters of pipeline classes whose networks predict a flow: `models.diffusion.adapters`."""

from inspect import signature

import diffusers
import torch
from torch.nn import functional

from generative_classifiers.models.diffusion.adapter import Adapter
from generative_classifiers.models.diffusion.codecs import DeepCompressionCodec, Flux2Codec

GUIDANCE = 1.0  # none, for networks that are distilled with guidance


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

    def predict(self, noised, time, encoder_hidden_states, **pooled):
        """The network sees a sequence of blocks of latents, with their positions."""
        blocks = functional.pixel_unshuffle(noised, self.packed)
        rows, columns, words = (
            torch.arange(length, device=noised.device) for length in (*blocks.shape[2:], encoder_hidden_states.shape[1])
        )
        image_positions, text_positions = self._positions(rows, columns, words)
        output = self.network(
            blocks.flatten(2).mT,
            # The network multiplies by 1000 again. In half precision this rounds, as it does in generation.
            timestep=time / 1000,
            encoder_hidden_states=encoder_hidden_states,
            guidance=torch.full_like(time, GUIDANCE) if self.network.config.guidance_embeds else None,
            img_ids=image_positions,
            txt_ids=text_positions,
            return_dict=False,
            **pooled,
        )[0]
        return functional.pixel_shuffle(output.mT.unflatten(2, blocks.shape[2:]), self.packed)

    def _positions(self, rows, columns, words):
        """Positions of blocks and of words, (block, 3) and (word, 3)."""
        return torch.cartesian_prod(rows[:1], rows, columns), rows.new_zeros(len(words), 3)


class Flux2Klein(Flux):
    """FLUX.2 klein, with the states of three layers of a Qwen3 as the prompt."""

    pipeline_class = diffusers.Flux2KleinPipeline
    codec_class = Flux2Codec
    unused, off = (), ()
    large = ("transformer", "text_encoder")

    def encode(self, prompts, device):
        states, _ = self.pipeline.encode_prompt(prompts, device=device)
        return {"encoder_hidden_states": states}

    def _positions(self, rows, columns, words):
        zero = rows[:1]
        return torch.cartesian_prod(zero, rows, columns, zero), torch.cartesian_prod(zero, zero, zero, words)


class Sana(Adapter):
    """Sana. The prompt follows the instruction that generation puts before it."""

    pipeline_class = diffusers.SanaPipeline
    codec_class = DeepCompressionCodec
    denoiser = "transformer"
    large = ("text_encoder",)

    def encode(self, prompts, device):
        instruction = signature(self.pipeline.__call__).parameters["complex_human_instruction"].default
        states, mask, _, _ = self.pipeline.encode_prompt(
            prompts, do_classifier_free_guidance=False, device=device, complex_human_instruction=instruction
        )
        return {"encoder_hidden_states": states, "encoder_attention_mask": mask}

    def predict(self, noised, time, **conditioning):
        return super().predict(noised, time * self.network.config.timestep_scale, **conditioning)


class Lumina2(Adapter):
    """Lumina-Image 2.0. Its times go from noise to image, and so does the flow that it predicts."""

    pipeline_class = diffusers.Lumina2Pipeline
    denoiser = "transformer"
    large = ("transformer", "text_encoder")

    def encode(self, prompts, device):
        states, mask, _, _ = self.pipeline.encode_prompt(prompts, do_classifier_free_guidance=False, device=device)
        return {"encoder_hidden_states": states, "encoder_attention_mask": mask}

    def predict(self, noised, time, encoder_hidden_states, encoder_attention_mask):
        return -super().predict(
            noised,
            1 - time / 1000,
            encoder_hidden_states=encoder_hidden_states,
            encoder_attention_mask=encoder_attention_mask.bool(),
        )
