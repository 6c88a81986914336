"""The learning rate of every recipe."""


def learning_rate(recipe, step):
    """Linear warm-up, constant, linear decay to zero over the last steps.

    The constant part does not depend on how long it lasts, so that a run can be prolonged from a checkpoint.

    Parameters
    ----------
    recipe : dict
        steps, learning_rate, warm_up and decay (steps).
    step : int

    Returns
    -------
    float
    """
    rise = (step + 1) / recipe["warm_up"]
    fall = (recipe["steps"] - step) / recipe["decay"]
    return recipe["learning_rate"] * min(1.0, rise, fall)
