"""Noise schedules: what a time in [0, 1] means, from a clean image to pure noise.

Each schedule has `scales(time)`, the scales alpha and sigma of image and noise; `steps(time)`, the time in the
network's own units; and `denoise`, one of `models.diffusion.parametrisation`. Scales are float64 whatever the network's
precision, since rounding them would move every loss.

Where a network predicts the noise, the image is what it leaves of the noised image, divided by alpha: errors of the
prediction count 1 / alpha² times. Of the usual schedules Stable Diffusion's ends at alpha² = 0.0047, the linear one at
4e-5, and the cosine one at 2e-6, with one more step at 2e-9, where its cap on beta of 0.999 works (arXiv 2102.09672).
"""

import numpy as np
from diffusers import FlowMatchEulerDiscreteScheduler, FlowMatchHeunDiscreteScheduler

from generative_classifiers.io.errors import InputError
from generative_classifiers.models.diffusion.parametrisation import from_epsilon, from_flow, parametrisation

# Of alpha² where a network predicts the noise: below the first, no image can be told from the prediction, and one such
# draw would decide alone; below the second, the schedule ends without any trace of the image, as it is meant to do only
# for networks that predict something else.
LEAST_TO_TELL = 1e-6
LEAST_AT_ALL = 1e-9


class TableSchedule:
    """The steps of a scheduler's table of noise levels.

    Where the network predicts the noise, steps at which no image can be told are replaced by the last at which it can.
    This came with version 2 of the losses; where nothing is replaced, they are those of version 1.

    Parameters
    ----------
    observer : str
        For messages.
    scheduler : diffusers.SchedulerMixin
        With `alphas_cumprod`.

    Raises
    ------
    InputError
        The scheduler has no table or a wrong one, or an unknown `prediction_type`, or it is for networks that predict
        the noise and ends without any trace of the image.
    """

    def __init__(self, observer, scheduler):
        self.denoise = parametrisation(scheduler.config.get("prediction_type"), observer)
        if not hasattr(scheduler, "alphas_cumprod"):
            raise InputError(f"{observer}: no alphas_cumprod in its scheduler, a {type(scheduler).__name__}")
        self.alphas_cumprod = scheduler.alphas_cumprod.double().numpy()
        if not (self.alphas_cumprod.min() >= 0 and self.alphas_cumprod.max() <= 1):  # NaN is neither
            raise InputError(f"{observer}: alphas_cumprod of its scheduler are not shares, expected them in [0, 1]")
        usable = np.full(len(self.alphas_cumprod), True)
        if self.denoise is from_epsilon:
            _check_last_level(observer, scheduler, self.alphas_cumprod)
            usable = self.alphas_cumprod >= LEAST_TO_TELL
        self.last = np.flatnonzero(usable)[-1]
        self.loss_version = 1 if usable.all() else 2

    def steps(self, time):
        """Rows of the table, int (time,)."""
        return np.minimum(self.last, np.floor(time * len(self.alphas_cumprod))).astype(int)

    def scales(self, time):
        """alpha and sigma from the table, with alpha² + sigma² = 1."""
        alpha_squared = self.alphas_cumprod[self.steps(time)]
        return np.sqrt(alpha_squared), np.sqrt(1 - alpha_squared)


def _check_last_level(observer, scheduler, alphas_cumprod):
    """Raise InputError for a schedule with which a prediction of the noise says nothing at its end.

    Such schedules are for networks that predict v or the image (arXiv 2305.08891, section 3.2).
    """
    expected = "expected prediction_type v_prediction or sample with it, as the network was trained"
    if scheduler.config.get("rescale_betas_zero_snr"):
        raise InputError(
            f"{observer}: its scheduler has rescale_betas_zero_snr, which leaves nothing of the image at the last "
            f"noise level, with prediction_type epsilon, which cannot tell the image then: {expected}"
        )
    if alphas_cumprod.min() < LEAST_AT_ALL:
        raise InputError(
            f"{observer}: the betas of its scheduler leave {alphas_cumprod.min():.1g} of the image's variance at "
            f"the last noise level, too little to tell the image with prediction_type epsilon: {expected}"
        )


class FlowSchedule:
    """Straight paths from image to noise (arXiv 2210.02747).

    The scheduler's shift has no influence: it decides at which times its sampler stops, not what a time means.

    Parameters
    ----------
    scheduler : diffusers.SchedulerMixin
    """

    denoise = staticmethod(from_flow)
    loss_version = 1

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
