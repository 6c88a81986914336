"""Recipes of the miniature's models."""

from importlib import import_module

# By `model` of a recipe; each module has `train(recipe, prompt, world, folder)`.
GENERATIVE = ("pixel_diffusion", "latent_diffusion", "autoregressive", "masked")


def train_generative(recipe, prompt, world, folder):
    """Train a generative model, or go on training it, and save it as a pipeline.

    Parameters
    ----------
    recipe : study.recipes.GenerativeRecipe
        `training` of the observer's row.
    prompt : str
        With `{category}`.
    world : study.settings.World
    folder : Path
        Of the pipeline; checkpoints are kept beside it.
    """
    import_module(f"{__name__}.{recipe.model}").train(recipe, prompt, world, folder)
