"""The miniature's text-to-image model of pixels: diffusion of 32 x 32, from classes of diffusers and transformers."""

import torch
from transformers import CLIPTextModel

from generative_classifiers.models.codecs import PixelCodec
from generative_classifiers.models.pixel_pipeline import PixelDiffusionPipeline
from generative_classifiers.training import diffusion, generative
from generative_classifiers.training.words import text_config, tokenizer

BLOCK = 2  # pixels along a side that are one place of the network's input


def untrained(size, seed):
    """The pipeline with random weights.

    Parameters
    ----------
    size : int
        Pixels along an image's side.
    seed : int

    Returns
    -------
    PixelDiffusionPipeline
    """
    torch.manual_seed(seed)
    words = tokenizer()
    text_encoder = CLIPTextModel(text_config(words, diffusion.TEXT_WIDTH))
    unet = diffusion.network(size // BLOCK, 3 * BLOCK**2, (32, 64, 96))
    return PixelDiffusionPipeline(unet, text_encoder, words, diffusion.scheduler(), pixel_unshuffle=BLOCK)


def task(recipe, prompt, world):
    """What is trained: `generative.Task`.

    Parameters
    ----------
    recipe : dict
        As for `diffusion.Diffusion`.
    prompt : str
    world : dict

    Returns
    -------
    diffusion.Diffusion
    """
    pipeline = untrained(world["size"], recipe["seed"])
    return diffusion.Diffusion(pipeline, PixelCodec(pipeline), recipe, prompt, world)


def train(recipe, prompt, world, folder):
    """Train, or go on training, and save the pipeline: `training.train_generative`."""
    one = task(recipe, prompt, world)
    losses = generative.train(one, recipe, folder.with_suffix(".checkpoint"))
    generative.save(one.pipeline, folder)
    return losses
