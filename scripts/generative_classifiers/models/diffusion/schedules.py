"""Noise schedules: what a time in [0, 1] means, from clean to noise.

Each has `denoise` (`models.parametrisation`), `scales(time)`: alpha and sigma, float64 whatever the network's
precision, for rounding them would move every loss; and `steps(time)`: what its network is told of the time.
"""

import numpy as np
from diffusers import FlowMatchEulerDiscreteScheduler, FlowMatchHeunDiscreteScheduler

from generative_classifiers.io.errors import InputError
from generative_classifiers.models.diffusion.parametrisation import from_flow, parametrisation


class Table:
    """The steps of a scheduler's own table.

    Parameters
    ----------
    observer : str
        For messages.
    scheduler : diffusers.SchedulerMixin
        With `alphas_cumprod`.
    """

    def __init__(self, observer, scheduler):
        self.denoise = parametrisation(scheduler.config.get("prediction_type"), observer)
        if not hasattr(scheduler, "alphas_cumprod"):
            raise InputError(f"{observer}: no alphas_cumprod in its scheduler, a {type(scheduler).__name__}")
        self.alphas_cumprod = scheduler.alphas_cumprod.double().numpy()

    def steps(self, time):
        """Rows of the table."""
        length = len(self.alphas_cumprod)
        return np.minimum(length - 1, np.floor(time * length)).astype(int)

    def scales(self, time):
        """The table's, with alpha² + sigma² = 1."""
        signal = self.alphas_cumprod[self.steps(time)]
        return np.sqrt(signal), np.sqrt(1 - signal)


class Flow:
    """Straight paths from image to noise (arXiv 2210.02747).

    A scheduler's shift does not enter: it says at which times its sampler stops, not what a time means.

    Parameters
    ----------
    scheduler : diffusers.SchedulerMixin
    """

    denoise = staticmethod(from_flow)

    def __init__(self, scheduler):
        self.length = scheduler.config.num_train_timesteps

    def steps(self, time):
        """Not rounded."""
        return (time * self.length).astype(np.float32)

    def scales(self, time):
        """1 - t and t."""
        return 1 - time, time


def schedule(observer, scheduler):
    """The noise schedule of a scheduler: Table or Flow."""
    if isinstance(scheduler, FlowMatchEulerDiscreteScheduler | FlowMatchHeunDiscreteScheduler):
        return Flow(scheduler)
    return Table(observer, scheduler)
