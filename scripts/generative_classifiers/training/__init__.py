"""Training: one loop for generative networks, one for discriminative networks, and the miniature's models."""

from importlib import import_module


def train_generative(recipe, prompt, world, folder, *, device="cpu", workers=0):
    """Train one of the miniature's generative models, or continue its training, and save it as a pipeline.

    Parameters
    ----------
    recipe : study.recipes.GenerativeRecipe
        `training` of the observer's row.
    prompt : str
        With `{category}` in the place of the class name.
    world : study.settings.World
    folder : Path
        Of the pipeline. Checkpoints are kept next to it.
    device : str
        Where it is trained. The weights are the same on every CPU of a type, and others on a GPU.
    workers : int
        Processes that prepare batches ahead.
    """
    # Imported late: a recipe needs only its own model's libraries.
    import_module(f"{__name__}.miniature.{recipe.model}").train(recipe, prompt, world, folder, device, workers)
