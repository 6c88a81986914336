"""Noise schedules: what a time in [0, 1] means, from a clean image to pure noise.

Each schedule has `scales(time)`, the scales alpha and sigma of image and noise; `steps(time)`, the time in the
network's own units; and `denoise`, one of `models.diffusion.parametrisation`. Scales are float64 whatever the network's
precision, since rounding them would move every loss.
"""

import numpy as np
from diffusers import FlowMatchEulerDiscreteScheduler, FlowMatchHeunDiscreteScheduler

from generative_classifiers.io.errors import InputError
from generative_classifiers.models.diffusion.parametrisation import from_flow, parametrisation


class TableSchedule:
    """The steps of a scheduler's table of noise levels.

    Parameters
    ----------
    observer : str
        For messages.
    scheduler : diffusers.SchedulerMixin
        With `alphas_cumprod`.

    Raises
    ------
    InputError
        The scheduler has no table, or an unknown `prediction_type`.
    """

    def __init__(self, observer, scheduler):
        self.denoise = parametrisation(scheduler.config.get("prediction_type"), observer)
        if not hasattr(scheduler, "alphas_cumprod"):
            raise InputError(f"{observer}: no alphas_cumprod in its scheduler, a {type(scheduler).__name__}")
        self.alphas_cumprod = scheduler.alphas_cumprod.double().numpy()

    def steps(self, time):
        """Rows of the table, int (time,)."""
        length = len(self.alphas_cumprod)
        return np.minimum(length - 1, np.floor(time * length)).astype(int)

    def scales(self, time):
        """alpha and sigma from the table, with alpha² + sigma² = 1."""
        alpha_squared = self.alphas_cumprod[self.steps(time)]
        return np.sqrt(alpha_squared), np.sqrt(1 - alpha_squared)


class FlowSchedule:
    """Straight paths from image to noise (arXiv 2210.02747).

    The scheduler's shift has no influence: it decides at which times its sampler stops, not what a time means.

    Parameters
    ----------
    scheduler : diffusers.SchedulerMixin
    """

    denoise = staticmethod(from_flow)

    def __init__(self, scheduler):
        self.length = scheduler.config.num_train_timesteps

    def steps(self, time):
        """Times in units of the scheduler's steps, not rounded, float32 (time,)."""
        return (time * self.length).astype(np.float32)

    def scales(self, time):
        """alpha = 1 - t and sigma = t."""
        return 1 - time, time


def schedule(observer, scheduler):
    """The noise schedule of a scheduler of diffusers."""
    is_flow = isinstance(scheduler, FlowMatchEulerDiscreteScheduler | FlowMatchHeunDiscreteScheduler)
    # Solvers made for both kinds have a table of noise levels, which flows do not use.
    if is_flow or scheduler.config.get("prediction_type") == "flow_prediction":
        return FlowSchedule(scheduler)
    return TableSchedule(observer, scheduler)
