"""The learning rate of every recipe."""

import math


def learning_rate(recipe, step):
    """Linear warm-up, then down to zero: along a cosine, or linearly over the last steps only.

    The constant part of the latter does not depend on how long it lasts, so that a run can be prolonged from a
    checkpoint.

    Parameters
    ----------
    recipe : study.recipes.Training or study.recipes.Discriminative
        With its times in steps.
    step : int

    Returns
    -------
    float
    """
    rise = (step + 1) / recipe.warm_up if recipe.warm_up else 1.0
    if getattr(recipe, "schedule", "linear") == "cosine":
        along = (step - recipe.warm_up) / (recipe.steps - recipe.warm_up)
        return recipe.learning_rate * (rise if along < 0 else (1 + math.cos(math.pi * along)) / 2)
    fall = (recipe.steps - step) / recipe.decay
    return recipe.learning_rate * min(1.0, rise, fall)


def in_steps(recipe, steps_per_epoch):
    """A recipe whose times are in epochs, in steps; one that is in steps already, as it is.

    Parameters
    ----------
    recipe : study.recipes.Discriminative
    steps_per_epoch : int or None
        None: the data has no end, and no epochs.

    Returns
    -------
    study.recipes.Discriminative
    """
    if recipe.epochs is None:
        return recipe
    times = {"steps": recipe.epochs, "warm_up": recipe.warm_up, "decay": recipe.decay}
    steps = {key: round(value * steps_per_epoch) for key, value in times.items() if value is not None}
    return recipe.model_copy(update=steps | {"epochs": None})
