"""The miniature's text-to-image model of pixels: diffusion of 32 x 32, from classes of diffusers and transformers."""

import torch
from transformers import CLIPTextModel

from generative_classifiers.models.diffusion.codecs import PixelCodec
from generative_classifiers.models.diffusion.pixel_pipeline import PixelDiffusionPipeline
from generative_classifiers.training import diffusion, generative
from generative_classifiers.training.prompt_tokenizer import text_config, tokenizer


def untrained(recipe, size):
    """The pipeline with random weights.

    Parameters
    ----------
    recipe : dict
        block (pixels along a side that are one place of the network's input), widths (channels at each of the
        U-Net's resolutions), seed.
    size : int
        Pixels along an image's side.

    Returns
    -------
    PixelDiffusionPipeline
    """
    torch.manual_seed(recipe.seed)
    words = tokenizer()
    text_encoder = CLIPTextModel(text_config(words, diffusion.TEXT_WIDTH))
    block = recipe.block
    unet = diffusion.network(size // block, 3 * block**2, tuple(recipe.widths))
    return PixelDiffusionPipeline(unet, text_encoder, words, diffusion.scheduler(), pixel_unshuffle=block)


def task(recipe, prompt, world):
    """What is trained: `generative.Task`.

    Parameters
    ----------
    recipe : dict
        As for `untrained` and `diffusion.Diffusion`.
    prompt : str
    world : dict

    Returns
    -------
    diffusion.Diffusion
    """
    pipeline = untrained(recipe, world.size)
    return diffusion.Diffusion(pipeline, PixelCodec(pipeline), recipe, prompt, world)


def train(recipe, prompt, world, folder):
    """Train, or go on training, and save the pipeline: `training.train_generative`."""
    one = task(recipe, prompt, world)
    losses = generative.train(one, recipe, folder.with_suffix(".checkpoint"))
    generative.save(one.pipeline, folder)
    return losses
