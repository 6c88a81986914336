"""Small pipelines with random weights, shaped like the real ones."""

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DDPMScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from generative_classifiers.categories import CATEGORIES
from generative_classifiers.models.pixel_pipeline import PixelDiffusionPipeline

torch.set_num_threads(1)  # networks so small lose more by threads than they gain

BOS, EOS, WIDTH = "<|startoftext|>", "<|endoftext|>", 16


def tokenizer(words=("a", "bad", "photo", "of", *CATEGORIES)):
    """One token a word: every prefix of every word is a merge."""
    vocabulary, merges = {BOS: 0, EOS: 1}, []
    for letter in sorted({letter for word in words for letter in word}):
        vocabulary |= {letter: len(vocabulary)}
        vocabulary |= {letter + "</w>": len(vocabulary)}
    for word in words:
        pieces = [*word[:-1], word[-1] + "</w>"]
        for place in range(1, len(pieces)):
            head = "".join(pieces[:place])
            if (head, pieces[place]) not in merges:
                merges.append((head, pieces[place]))
            vocabulary.setdefault(head + pieces[place], len(vocabulary))
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=12, pad_token=EOS)


def text_encoder(words):
    """Text transformer of two layers for a tokenizer of so many words."""
    config = CLIPTextConfig(
        vocab_size=words,
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=12,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    return CLIPTextModel(config)


def unet(channels, side):
    """Network with two resolutions and cross-attention in the lower one."""
    return UNet2DConditionModel(
        sample_size=side,
        in_channels=channels,
        out_channels=channels,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(8, 16),
        layers_per_block=1,
        cross_attention_dim=WIDTH,
        attention_head_dim=4,
        norm_num_groups=4,
    )


def scheduler(prediction_type):
    """Stable Diffusion's noise schedule."""
    return DDIMScheduler(
        prediction_type=prediction_type,
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )


def stable_diffusion(folder, prediction_type="epsilon", side=8, **settings):
    """Save a latent pipeline (factor 2, so that its images are 2 * side wide) and return its folder."""
    torch.manual_seed(0)
    words = tokenizer()
    vae = AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=2 * side,
        scaling_factor=0.5,
    )
    pipeline = StableDiffusionPipeline(
        vae=vae,
        text_encoder=text_encoder(len(words)),
        tokenizer=words,
        unet=unet(4, side),
        scheduler=scheduler(prediction_type),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder, safe_serialization=True, **settings)
    return folder


def pixel_diffusion(folder, prediction_type="v_prediction", side=8):
    """Save a pixel pipeline (blocks of 2, so that its images are 2 * side wide) and return its folder."""
    torch.manual_seed(1)
    words = tokenizer()
    pipeline = PixelDiffusionPipeline(
        unet=unet(12, side),
        text_encoder=text_encoder(len(words)),
        tokenizer=words,
        scheduler=DDPMScheduler(prediction_type=prediction_type, beta_schedule="squaredcos_cap_v2"),
        pixel_unshuffle=2,
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder
