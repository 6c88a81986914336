"""The weighting of one noise schedule, carried to another at equal signal-to-noise ratio.

Equal times mean different noise in different schedules: at t = 0.1 the signal-to-noise ratio is 8.5 for Stable
Diffusion 1.4 and 81 for flow matching. exp(-7 t) is therefore another classifier in each.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from generative_classifiers.draws.weighting import RATE
from generative_classifiers.io.errors import InputError

STEPS = 1000  # of the schedules of diffusers
SMALLEST_STEP = 1e-6  # of time, for slopes
GRID = 10_000  # times at which the lost share is summed


def _flow(time):
    """Straight paths (arXiv 2210.02747): alpha = 1 - t, sigma = t."""
    return 2 * (np.log1p(-time) - np.log(time))


def _imagen(time):
    """Imagen's cosine (arXiv 2205.11487): alpha = cos(pi t / 2), sigma = sin(pi t / 2)."""
    return -2 * np.log(np.tan(np.pi * time / 2))


ENTERED = (np.arange(STEPS) + 0.5) / STEPS  # a step of a table is entered in the middle of its times


def _log_snr(alphas_cumprod):
    return np.log(alphas_cumprod) - np.log1p(-alphas_cumprod)


def _of_table(alphas_cumprod):
    """Between the steps of a table, its log-SNR is interpolated."""
    log_snr = _log_snr(alphas_cumprod)
    return lambda time: np.interp(time, ENTERED, log_snr)


def _capped_cosine():
    """`squaredcos_cap_v2` of diffusers (arXiv 2102.09672)."""
    bar = np.cos((np.arange(STEPS + 1) / STEPS + 0.008) / 1.008 * np.pi / 2) ** 2
    return np.cumprod(1 - np.minimum(1 - bar[1:] / bar[:-1], 0.999))


def _linear(first, last, power=1):
    """`linear` of diffusers, or `scaled_linear` with the power 2."""
    return np.cumprod(1 - np.linspace(first ** (1 / power), last ** (1 / power), STEPS) ** power)


TABLES = {
    "cosine": _capped_cosine(),
    "stable-diffusion": _linear(0.00085, 0.012, 2),
    "linear": _linear(1e-4, 0.02),
}
# The logarithm of the signal-to-noise ratio, by time.
SCHEDULES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "imagen": _imagen,
    "flow": _flow,
    **{name: _of_table(table) for name, table in TABLES.items()},
}
SOURCES = ("imagen", "stable-diffusion")


@dataclass(frozen=True)
class LogSnrWeighting:
    """exp(-rate t) of a source schedule, at the levels of another schedule with the same signal-to-noise ratio.

    Parameters
    ----------
    source : {"imagen", "stable-diffusion"}
        The schedule in which the weighting is exp(-rate t).
    rate : float

    Raises
    ------
    InputError
        There is no such source.
    """

    source: str
    rate: float = RATE

    def __post_init__(self):
        if self.source not in SOURCES:
            raise InputError(f"weighting: source is {self.source!r}, expected one of {', '.join(SOURCES)}")

    @property
    def identity(self) -> dict[str, Any]:
        """The settings, as plain data."""
        return {"rule": "log_snr", "source": self.source, "rate": self.rate}

    def at(self, time, alpha, sigma):
        """What each draw counts for: exp(-rate t') |dt'/dt|, where t' is the source's time of the same log-SNR.

        Parameters
        ----------
        time, alpha, sigma : array_like
            (draw,): of any schedule that this module knows.

        Returns
        -------
        numpy.ndarray
            float64 (draw,); 0 at levels that the source does not have.
        """
        return self._at(np.asarray(time, np.float64), SCHEDULES[schedule_of(time, alpha, sigma)])

    def lost_share(self, time, alpha, sigma):
        """Share of the weighting that belongs to levels which the schedule of these draws does not have."""
        target = SCHEDULES[schedule_of(time, alpha, sigma)]
        every = (np.arange(GRID) + 0.5) / GRID
        return max(0.0, 1 - self._at(every, target).mean() / np.exp(-self.rate * every).mean())

    def _at(self, time, target):
        with np.errstate(divide="ignore"):
            there, slope = _value_and_slope(lambda one: self._source_time(target(one)), time)
        return np.exp(-self.rate * there) * np.abs(slope)

    def _source_time(self, log_snr):
        """The source's time of each log-SNR; its first or last time outside, where the slope is therefore 0."""
        if self.source == "imagen":
            return 2 / np.pi * np.arctan(np.exp(-log_snr / 2))
        return np.interp(-log_snr, -_log_snr(TABLES[self.source]), ENTERED)


class BoundWeighting:
    """-dSNR/dt, which makes the score a bound on the likelihood, up to a factor (arXiv 2107.00630, eq. 17).

    Examples
    --------
    In flow matching, the signal-to-noise ratio is (1 - t)² / t², whose slope is -2 (1 - t) / t³.

    >>> BoundWeighting().at([0.5], [0.5], [0.5]).round(6)
    array([8.])
    """

    @property
    def identity(self) -> dict[str, Any]:
        """The settings, as plain data."""
        return {"rule": "bound"}

    def at(self, time, alpha, sigma):
        """What each draw counts for, float64 (draw,); 0 beyond the levels of a table."""
        log_snr = SCHEDULES[schedule_of(time, alpha, sigma)]
        with np.errstate(divide="ignore"):
            value, slope = _value_and_slope(log_snr, np.asarray(time, np.float64))
        return np.exp(value) * np.abs(slope)


def _value_and_slope(function, time):
    """A function of times from 0 to 1, and its slope."""
    before, after = np.clip(time - SMALLEST_STEP, 0, 1), np.clip(time + SMALLEST_STEP, 0, 1)
    value = function(np.clip(time, SMALLEST_STEP, 1 - SMALLEST_STEP))
    return value, (function(after) - function(before)) / (after - before)


def weighting_with(plain: str | dict[str, Any]) -> "str | LogSnrWeighting":
    """The weighting of plain data: of an identity, as stores have it, or of a study's setting."""
    return plain if isinstance(plain, str) else LogSnrWeighting(plain["source"], plain.get("rate", RATE))


def schedule_of(time, alpha, sigma):
    """Which of the known schedules draws are of.

    Parameters
    ----------
    time, alpha, sigma : array_like
        (draw,)

    Returns
    -------
    str
        A key of `SCHEDULES`.

    Raises
    ------
    InputError
        They are of another schedule.

    Examples
    --------
    >>> schedule_of([0.25], [0.75], [0.25])
    'flow'
    """
    time, alpha, sigma = (np.asarray(values, np.float64) for values in (time, alpha, sigma))
    if np.allclose(alpha, 1 - time) and np.allclose(sigma, time):
        return "flow"
    step = np.minimum(STEPS - 1, np.floor(time * STEPS)).astype(int)
    for name, table in TABLES.items():
        if np.allclose(alpha**2, table[step], rtol=1e-3, atol=1e-6):
            return name
    known = ", ".join(["flow", *TABLES])
    raise InputError(f"weighting: log_snr: the noise schedule of the model is unknown, expected one of {known}")
