"""How far measures would move with other images: intervals by resampling images, jointly for all observers.

A resample has as many images as the cell, chosen at random with replacement (Efron 1979). All observers answer the same
ones. An interval is the range between two quantiles of a measure over the resamples. Two precautions keep it honest:

- *Virtual images* weigh together as much as two images. Each observer is right on half of them, and each pair has each
  of its four outcomes on a quarter of them. That is half a count for every outcome, as in the corrections of Haldane
  (1956) and Anscombe (1956) for 2 x 2 tables. Virtual images are in resamples only, never in an estimate. Without them,
  intervals are too short where almost no image has one of the outcomes, for example where both observers are nearly
  always right.
- *Centred* intervals are moved by the difference between the resamples' mean and the estimate. Two kinds of measures
  need this, because their intervals would otherwise often miss the estimate: squared differences, which are larger in
  resamples than in the images themselves; and averages of many measures (the benchmark's, and the mean subject's shape
  bias), whose spread shrinks while their bias does not.
"""

from typing import NamedTuple

import numpy as np

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.metrics.arithmetic import ratio

RESAMPLES, LEVEL, SEED = 1000, 0.95, 0
# The weight of all virtual images together, in images.
VIRTUAL = 2
# Their weight in each of a pair's four outcomes.
HALF = VIRTUAL / 4
BOUND = {"bound": ["lower", "upper"]}
# The smallest possible value of measures that can be negative.
LOWEST = {"error_consistency": -1.0}


class Resamples(NamedTuple):
    """Resamples of the images of one cell. Sums over a resample's images are the products `counts @ answers.T`.

    Attributes
    ----------
    counts : numpy.ndarray of float32, shape (resample, image)
        How often each resample has each image; the virtual images come last. The first row is not a resample but the
        images themselves.
    answers : numpy.ndarray of float32, shape (observer, image)
        1 right, 0 wrong, of the observers that saw the cell.
    seen : numpy.ndarray of bool
        Which of all observers these are.
    images : int
        The number of images in a resample.
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
            Positions of observers in `answers`; by default, all of them.

        Returns
        -------
        numpy.ndarray of float64, shape (resample, observer or pair)
        """
        answers = self.answers[first] if second is None else self.answers[first] * self.answers[second]
        # In float32, sums of whole numbers are exact up to 2 ** 24, in any order.
        return (self.counts @ answers.T).astype(float)


def resample(answers, dataset, condition):
    """Resample the images of a cell, in the same way for every measure.

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
    return Resamples(image_counts(images, virtual.shape[1], dataset, condition), answers, seen, images)


def virtual_answers(observers):
    """Answers on virtual images: rows of a Hadamard matrix, any two of which are orthogonal.

    Parameters
    ----------
    observers : int

    Returns
    -------
    numpy.ndarray of int, shape (observer, image)
        1 right, 0 wrong; the number of images is a power of two.

    Examples
    --------
    >>> virtual_answers(2)
    array([[0, 1, 0, 1],
           [0, 0, 1, 1]], dtype=uint8)
    """
    images = max(VIRTUAL, 1 << int(observers).bit_length())
    rows = np.arange(1, observers + 1)
    return np.bitwise_count(rows[:, None] & np.arange(images)) % 2


def image_counts(images, virtual, dataset, condition):
    """How often every resample has every image.

    Parameters
    ----------
    images, virtual : int
        The numbers of images. All virtual images together weigh as much as `VIRTUAL` images.
    dataset, condition : str
        The cell; its names are the seed.

    Returns
    -------
    numpy.ndarray of float32, shape (1 + RESAMPLES, images + virtual)
        The first row has every image once and no virtual image.
    """
    total = images + virtual
    # An image weighs as much as `weight` virtual images: the numbers below images * weight stand for images, the others
    # for virtual images.
    weight = max(virtual // VIRTUAL, 1)
    numbers = generator("bootstrap", SEED, dataset, condition).integers(
        images * weight + virtual, size=(RESAMPLES, images)
    )
    chosen = np.where(numbers < images * weight, numbers // weight, numbers - images * weight + images)
    # Counted for all resamples at once, each with its own range of numbers.
    chosen += np.arange(RESAMPLES)[:, None] * total
    counts = np.bincount(chosen.ravel(), minlength=RESAMPLES * total).reshape(RESAMPLES, total)
    themselves = np.arange(total) < images
    return np.vstack([themselves, counts]).astype(np.float32)


def interval(values, lowest=0.0, centred=False, highest=1.0):
    """The interval of each measure: two quantiles over its resamples.

    Parameters
    ----------
    values : numpy.ndarray, shape (resample, ...)
        The first is the estimate, the others are its resamples. NaN among these is ignored.
    lowest : float
        The measure's smallest possible value. Intervals are clipped to the possible range.
    centred : bool
        Whether to move the quantiles by the difference between the resamples' mean and the estimate.
    highest : float
        The measure's largest possible value.

    Returns
    -------
    numpy.ndarray of float64, shape (..., 2)
        Lower and upper bound; NaN where the estimate is.

    Examples
    --------
    >>> interval(np.array([0.5, 0.4, 0.6, 0.5]))
    array([0.405, 0.595])
    """
    estimate, resamples = values[0], np.sort(values[1:], axis=0)
    defined = np.count_nonzero(~np.isnan(resamples), axis=0)
    bounds = [_quantile(resamples, defined, share) for share in ((1 - LEVEL) / 2, (1 + LEVEL) / 2)]
    bias = ratio(np.nansum(resamples, axis=0), defined) - estimate
    bounds = np.stack(bounds, axis=-1) - (bias[..., None] if centred else 0.0)
    return np.where(np.isnan(estimate)[..., None], np.nan, np.clip(bounds, lowest, highest))


def with_intervals(values, centred=()):
    """The estimate and the interval of every variable.

    Parameters
    ----------
    values : xarray.Dataset
        With a dimension resample, as `interval` takes it.
    centred : collection of str
        The variables whose intervals are centred.

    Returns
    -------
    xarray.Dataset
        The variables without the dimension resample, and for each `<variable>_interval`, with bound as last dimension.
    """
    found = {}
    for name, variable in values.items():
        dims = [dim for dim in variable.dims if dim != "resample"]
        bounds = interval(variable.transpose("resample", *dims).values, LOWEST.get(name, 0.0), name in centred)
        found[f"{name}_interval"] = ((*dims, "bound"), bounds)
    return values.isel(resample=0).assign(found).assign_coords(BOUND)


def _quantile(ordered, defined, share):
    """A quantile of the first `defined` values, by linear interpolation."""
    position = share * np.maximum(defined - 1, 0)
    below = position.astype(int)
    above = np.minimum(below + 1, np.maximum(defined - 1, 0))
    low, high = (np.take_along_axis(ordered, index[None], axis=0)[0] for index in (below, above))
    return low + (position - below) * (high - low)
