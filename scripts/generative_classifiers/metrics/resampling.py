"""How far measures would move with other images: intervals by resampling images, jointly for all observers.

A resample draws as many images as there are, with replacement (Efron 1979), and all observers answer the same ones. An
interval is the range between two quantiles of a measure's resamples. Two things keep it honest:

- *virtual images*, which together weigh as much as two images. Each observer is right on half of them, and each pair
  has each of its four outcomes on a quarter of them: half a count for every outcome, as in the corrections of Haldane
  (1956) and Anscombe (1956) for 2 x 2 tables. They are in resamples only, never in an estimate. Without them intervals
  are too short where hardly any image has one of the outcomes, say where both observers are nearly always right.
- *centred* quantiles, moved by as much as the resamples' mean differs from the estimate, for squared differences, which
  are larger in resamples than in the images themselves, and for averages of many measures (the benchmark's, the mean
  subject's shape bias), whose spread shrinks while their bias does not. Otherwise these intervals would often not even
  hold the estimate.
"""

from typing import NamedTuple

import numpy as np

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.metrics.arithmetic import ratio

RESAMPLES, LEVEL, SEED = 1000, 0.95, 0
# What the virtual images weigh together, in images.
VIRTUAL = 2
# What they weigh in each of a pair's four outcomes.
HALF = VIRTUAL / 4
BOUND = {"bound": ["lower", "upper"]}
# The lowest value of measures that can be negative.
LOWEST = {"error_consistency": -1.0}


class Resamples(NamedTuple):
    """Resamples of the images of one cell. Sums over a resample's images are the products `counts @ answers.T`.

    Attributes
    ----------
    counts : numpy.ndarray of float32, shape (resample, image)
        How often each image is drawn, the virtual ones last. The first row is no resample but the images themselves.
    answers : numpy.ndarray of float32, shape (observer, image)
        1 right, 0 wrong, of the observers who saw the cell.
    seen : numpy.ndarray of bool
        Which of all observers these are.
    images : int
        How many images a resample has.
    """

    counts: np.ndarray
    answers: np.ndarray
    seen: np.ndarray
    images: int

    def right(self, first=slice(None), second=None):
        """How many images observers have right, or both observers of pairs.

        Parameters
        ----------
        first, second : array_like of int, optional
            Positions of observers in `answers`; by default, of all.

        Returns
        -------
        numpy.ndarray of float64, shape (resample, observer or pair)
        """
        answers = self.answers[first] if second is None else self.answers[first] * self.answers[second]
        # Sums of whole numbers are exact in float32 up to 2 ** 24, whatever the order.
        return (self.counts @ answers.T).astype(float)


def resample(answers, dataset, condition):
    """Draw from a cell's images, in the same way whatever is measured.

    Parameters
    ----------
    answers : numpy.ndarray, shape (observer, image)
        1 right, 0 wrong, NaN not seen.
    dataset, condition : str
        The cell; its names are the seed.

    Returns
    -------
    Resamples
    """
    seen, images = ~np.isnan(answers).any(axis=1), answers.shape[1]
    virtual = virtual_answers(np.count_nonzero(seen))
    answers = np.hstack([answers[seen], virtual]).astype(np.float32)
    return Resamples(draw(images, virtual.shape[1], dataset, condition), answers, seen, images)


def virtual_answers(observers):
    """Answers on virtual images: rows of a Hadamard matrix, every two of which are orthogonal.

    Parameters
    ----------
    observers : int

    Returns
    -------
    numpy.ndarray of int, shape (observer, image)
        1 right, 0 wrong; the number of images is a power of two.
    """
    images = max(VIRTUAL, 1 << int(observers).bit_length())
    rows = np.arange(1, observers + 1)
    return np.bitwise_count(rows[:, None] & np.arange(images)) % 2


def draw(images, virtual, dataset, condition):
    """How often every resample holds every image.

    Parameters
    ----------
    images, virtual : int
        How many there are. All virtual ones together weigh as much as `VIRTUAL` images.
    dataset, condition : str

    Returns
    -------
    numpy.ndarray of float32, shape (1 + RESAMPLES, images + virtual)
        The first row is one of every image and none of the virtual ones.
    """
    lots = max(virtual // VIRTUAL, 1)  # of one image; a virtual one has a single lot
    drawn = generator("bootstrap", SEED, dataset, condition).integers(images * lots + virtual, size=(RESAMPLES, images))
    image = np.where(drawn < images * lots, drawn // lots, drawn - images * lots + images)
    image += np.arange(RESAMPLES)[:, None] * (images + virtual)
    counts = np.bincount(image.ravel(), minlength=RESAMPLES * (images + virtual))
    itself = np.arange(images + virtual) < images
    return np.vstack([itself, counts.reshape(RESAMPLES, images + virtual)]).astype(np.float32)


def interval(draws, lowest=0.0, centred=False):
    """Interval of each measure: quantiles of its resamples.

    Parameters
    ----------
    draws : numpy.ndarray, shape (resample, ...)
        The first is the estimate, the others are its resamples. Where these are NaN they do not count.
    lowest : float
        Where the measure's range begins; it ends at 1. No interval leaves it.
    centred : bool
        Whether to move the quantiles by as much as the resamples' mean differs from the estimate.

    Returns
    -------
    numpy.ndarray of float64, shape (..., 2)
        Lower and upper bound; NaN where the estimate is.
    """
    estimate, resamples = draws[0], np.sort(draws[1:], axis=0)
    defined = np.count_nonzero(~np.isnan(resamples), axis=0)
    bounds = [_quantile(resamples, defined, share) for share in ((1 - LEVEL) / 2, (1 + LEVEL) / 2)]
    bias = ratio(np.nansum(resamples, axis=0), defined) - estimate
    bounds = np.stack(bounds, axis=-1) - (bias[..., None] if centred else 0.0)
    return np.where(np.isnan(estimate)[..., None], np.nan, np.clip(bounds, lowest, 1.0))


def with_intervals(draws, centred=()):
    """Estimate and interval of every variable.

    Parameters
    ----------
    draws : xarray.Dataset
        With a dimension resample, as `interval` takes it.
    centred : collection of str
        Which variables' intervals are centred.

    Returns
    -------
    xarray.Dataset
        The variables without that dimension, and of each `<variable>_interval` with the dimension bound, last.
    """
    found = {}
    for name, one in draws.items():
        dims = [dim for dim in one.dims if dim != "resample"]
        bounds = interval(one.transpose("resample", *dims).values, LOWEST.get(name, 0.0), name in centred)
        found[f"{name}_interval"] = ((*dims, "bound"), bounds)
    return draws.isel(resample=0).assign(found).assign_coords(BOUND)


def _quantile(ordered, defined, share):
    """Of the first `defined` values, by linear interpolation."""
    position = share * np.maximum(defined - 1, 0)
    below = position.astype(int)
    above = np.minimum(below + 1, np.maximum(defined - 1, 0))
    low, high = (np.take_along_axis(ordered, index[None], axis=0)[0] for index in (below, above))
    return low + (position - below) * (high - low)
