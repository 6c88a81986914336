"""The learning rate of every recipe."""

import math


def learning_rate(recipe, step):
    """Linear warm-up, then a decline to zero: along a cosine, or linearly at the end.

    With a linear decline the rate is constant before. That part does not depend on the number of steps, so a training
    can be prolonged from a checkpoint.

    Parameters
    ----------
    recipe : study.recipes.Training or study.recipes.Discriminative
        With its times in steps.
    step : int

    Returns
    -------
    float
    """
    warm_up = (step + 1) / recipe.warm_up if recipe.warm_up else 1.0
    if getattr(recipe, "schedule", "linear") == "cosine":
        progress = (step - recipe.warm_up) / (recipe.steps - recipe.warm_up)
        factor = warm_up if progress < 0 else (1 + math.cos(math.pi * progress)) / 2
    else:
        factor = min(1.0, warm_up, (recipe.steps - step) / recipe.decay)
    return recipe.learning_rate * factor


def in_steps(recipe, steps_per_epoch):
    """Convert a recipe's times from epochs to steps.

    Parameters
    ----------
    recipe : study.recipes.Discriminative
    steps_per_epoch : int or None
        None if the data have no epochs.

    Returns
    -------
    study.recipes.Discriminative
        The recipe itself if its times are in steps already.
    """
    if recipe.epochs is None:
        return recipe
    in_epochs = {"steps": recipe.epochs, "warm_up": recipe.warm_up, "decay": recipe.decay}
    times = {key: round(value * steps_per_epoch) for key, value in in_epochs.items() if value is not None}
    return recipe.model_copy(update={**times, "epochs": None})
