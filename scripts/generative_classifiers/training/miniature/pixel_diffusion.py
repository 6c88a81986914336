"""The miniature's diffusion model of pixels."""

import torch
from transformers import CLIPTextModel

from generative_classifiers.models.diffusion.codecs import pixel_codec
from generative_classifiers.models.diffusion.pipelines import PixelDiffusionPipeline
from generative_classifiers.training import generative
from generative_classifiers.training.miniature import diffusion
from generative_classifiers.training.miniature.prompt_tokenizer import prompt_tokenizer, text_config


def untrained(recipe, size):
    """The pipeline with random weights.

    Parameters
    ----------
    recipe : study.recipes.PixelDiffusion
    size : int
        Pixels along an image's side.

    Returns
    -------
    models.diffusion.pipelines.PixelDiffusionPipeline
    """
    torch.manual_seed(recipe.seed)
    tokenizer = prompt_tokenizer()
    text_encoder = CLIPTextModel(text_config(tokenizer, diffusion.TEXT_WIDTH, recipe.text_layers))
    blocks = {"pixel_unshuffle": recipe.block, "subsampled_colour": recipe.subsampled_colour}
    channels = recipe.block**2 + 2 if recipe.subsampled_colour else 3 * recipe.block**2
    unet = diffusion.untrained_unet(size // recipe.block, channels, recipe.widths)
    return PixelDiffusionPipeline(unet, text_encoder, tokenizer, diffusion.scheduler(), **blocks)


def task(recipe, prompt, world):
    """The training task of the pipeline with random weights.

    Parameters
    ----------
    recipe : study.recipes.PixelDiffusion
    prompt : str
        With `{category}` in the place of the class name.
    world : study.settings.World

    Returns
    -------
    training.miniature.diffusion.DenoisingTask
    """
    pipeline = untrained(recipe, recipe.resolution or world.size)
    return diffusion.DenoisingTask(pipeline, pixel_codec(pipeline), recipe, prompt, world)


def train(recipe, prompt, world, folder, device, workers):
    """Train the network, and save the pipeline: `training.train_generative`."""
    denoising = task(recipe, prompt, world)
    denoising.pipeline.to(device)
    generative.train(denoising, recipe, folder.with_suffix(".checkpoint"), workers=workers)
    generative.save(denoising.pipeline, folder)
