"""How much the losses of categories differ at each noise level: what is known before an image is looked at."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import digamma, polygamma

from generative_classifiers.io.errors import InputError

RIVALS = 5  # categories with the next smallest losses, which the best one is compared with
MOST_FREEDOM = 1000.0


@dataclass(frozen=True)
class LevelTable:
    """What images have shown about the differences between the losses of two categories.

    At a noise level, a difference varies by `spread` from one noise sample to the next. Its expectation varies from
    level to level, but smoothly: in units of `spread`, its covariance is `trend` exp(-|log-SNR - log-SNR'| / `reach`).
    Noise matters more for some images and categories than for others: over spread², the variance has a scaled inverse
    chi-square distribution (Smyth 2004, doi:10.2202/1544-6115.1027).

    Parameters
    ----------
    log_snr : tuple of float
        Logarithms of the signal-to-noise ratio alpha² / sigma², ascending.
    spread : tuple of float
        At each of them.
    variance, freedom : float
        Of that distribution: its scale and its degrees of freedom.
    trend, reach : float

    Raises
    ------
    InputError
        The numbers cannot be such a table.
    """

    log_snr: tuple[float, ...]
    spread: tuple[float, ...]
    variance: float
    freedom: float
    trend: float
    reach: float

    def __post_init__(self):
        if len(self.log_snr) != len(self.spread) or len(self.log_snr) < 2:
            raise InputError(
                f"levels: found {len(self.log_snr)} log_snr and {len(self.spread)} spread, expected as many, at least 2"
            )
        if not (np.diff(self.log_snr) > 0).all():
            raise InputError("levels: expected log_snr in ascending order, each once")
        positive = (*self.spread, self.variance, self.freedom, self.reach)
        if not (np.isfinite(positive).all() and min(positive) > 0):
            raise InputError(f"levels: found {min(positive)}, expected spread, variance, freedom and reach above 0")

    @property
    def identity(self) -> dict[str, Any]:
        """The table, as plain data."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def at(self, alpha, sigma):
        """The spread at noise levels with these scales, float64.

        Between the levels of the table its logarithm is interpolated; outside it stays the same.

        Examples
        --------
        >>> table = LevelTable((-2.0, 2.0), (4.0, 1.0), variance=1.0, freedom=4.0, trend=0.0, reach=1.0)
        >>> table.at(alpha=[0.5], sigma=[0.5])
        array([2.])
        """
        return np.exp(np.interp(log_snr(alpha, sigma), self.log_snr, np.log(self.spread)))

    def error(self, alpha, sigma, contribution, first):
        """Variance of the mean over the first draws, as an estimate of the expectation.

        It is that of a difference whose noise has the variance 1 in units of the spread, with the trend of the table.
        The levels of all draws stand for all levels.

        Parameters
        ----------
        alpha, sigma : numpy.ndarray
            (draw,): of all draws.
        contribution : numpy.ndarray
            float64 (draw,): by how much a draw's difference, of one spread, moves the mean.
        first : int
            Number of the first draws.

        Returns
        -------
        float
        """
        count = len(contribution)
        factor = np.where(np.arange(count) < first, contribution / first, 0)
        off = factor - contribution / count
        place = np.clip(log_snr(alpha, sigma), self.log_snr[0], self.log_snr[-1])
        alike = np.exp(-np.abs(place[:, None] - place) / self.reach)
        return float(np.square(factor).sum() + self.trend * off @ alike @ off)


def tuples(row):
    """Values of a table as read from a file, with tuples in place of lists."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}


def log_snr(alpha, sigma):
    """Logarithm of the signal-to-noise ratio alpha² / sigma², float64; infinite without noise."""
    with np.errstate(divide="ignore"):
        return 2 * (np.log(np.asarray(alpha, np.float64)) - np.log(np.asarray(sigma, np.float64)))


def fit_levels(loss, levels):
    """The table that fits losses of some images.

    The category with the smallest losses of an image is compared with its `RIVALS`, since only categories that are
    nearly as good are hard to tell apart. Two samples of noise at each level tell the noise from the trend.

    Parameters
    ----------
    loss : numpy.ndarray
        (image, category, level, 2): at each level, with two independent samples of noise.
    levels : numpy.ndarray
        (level,): the log-SNR, each once.

    Returns
    -------
    LevelTable
    """
    order = np.argsort(levels)
    difference = _rivals(np.asarray(loss, np.float64)[:, :, order])
    noise = np.square(difference[..., 0] - difference[..., 1]) / 2
    spread = np.sqrt(noise.mean(axis=0))
    variance, freedom = _inverse_chi_square((noise / spread**2).mean(axis=1), len(order))
    trend, reach = _trend(difference / spread[:, None], levels[order])
    numbers = (variance, freedom, trend, reach)
    return LevelTable(tuple(levels[order].tolist()), tuple(spread.tolist()), *map(float, numbers))


def _rivals(loss):
    """Differences (pair, level, 2) between the best category of each image and its rivals.

    They are compared in units of their standard deviation at each level, so that no level decides alone.
    """
    scale = (loss - loss.mean(axis=1, keepdims=True)).std(axis=(0, 1, 3), keepdims=True)
    ranked = (loss / scale).mean(axis=(2, 3)).argsort(axis=1)[:, : RIVALS + 1]
    losses = np.take_along_axis(loss, ranked[:, :, None, None], axis=1)
    return (losses[:, 1:] - losses[:, :1]).reshape(-1, *loss.shape[2:])


def _inverse_chi_square(variances, freedom):
    """Scale and degrees of freedom of the distribution that variances come from (Smyth 2004, section 6.2).

    Parameters
    ----------
    variances : numpy.ndarray
        (pair,): estimates.
    freedom : int
        Their degrees of freedom.
    """
    logarithm = np.log(variances) - digamma(freedom / 2) + np.log(freedom / 2)
    excess = logarithm.var(ddof=1) - polygamma(1, freedom / 2)
    prior = 2 * _inverse_trigamma(excess) if excess > 0 else MOST_FREEDOM
    prior = min(prior, MOST_FREEDOM)
    return np.exp(logarithm.mean() + digamma(prior / 2) - np.log(prior / 2)), prior


def _inverse_trigamma(value):
    """The number whose trigamma function has a value: Newton's method of Smyth (2004, appendix)."""
    found = 0.5 + 1 / value
    for _ in range(50):
        trigamma = polygamma(1, found)
        found += trigamma * (1 - trigamma / value) / polygamma(2, found)
    return found


def _trend(standardised, levels):
    """Variance of the expected differences, and the distance in log-SNR over which they stay alike."""
    one, other = standardised[..., 0], standardised[..., 1]
    covariance = (one.T @ other + other.T @ one) / (2 * len(one))  # their noise is independent
    distance = np.abs(levels[:, None] - levels)
    trend = max(np.median(np.diag(covariance)), 0.0)  # with next to no noise, it is huge, but counts for little
    reaches = np.geomspace(0.1, 100, 200)
    misfits = [np.square(covariance - trend * np.exp(-distance / reach)).sum() for reach in reaches]
    return trend, reaches[np.argmin(misfits)]
