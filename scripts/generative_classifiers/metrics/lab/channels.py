"""S8: do spatial-frequency channels predict the shape bias?"""

import numpy as np
import xarray as xr
from scipy.optimize import curve_fit
from scipy.stats import rankdata

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.random_numbers import generator
from generative_classifiers.metrics.arithmetic import ratio
from generative_classifiers.metrics.cells import index_of
from generative_classifiers.metrics.lab.channel import Channel, gaussian
from generative_classifiers.metrics.lab.conditions import by_condition
from generative_classifiers.metrics.lab.variants import difference
from generative_classifiers.metrics.resampling import RESAMPLES, SEED, interval, resample, with_intervals
from generative_classifiers.metrics.shape_bias import resampled_bias
from generative_classifiers.study.lab_conditions import WITHOUT_NOISE, frequency_of

LEAST_LOSS, LEAST_ACCURACY, ROUNDING = 0.10, 0.30, 1e-9  # docs/lab.md
FEWEST_BANDS = 3  # as many as a Gaussian has parameters
FEWEST_OBSERVERS = 3  # with two, a rank correlation is always 1 or -1
NARROWEST, WIDEST = 0.5, 16.0  # octaves; narrower channels look alike in bands of one octave, wider ones flat
STEP = 0.05  # of the grid of centres, in octaves, and of widths, as a share
# Why an observer has no channel or does not count.
NO_CHANNEL = f"no channel: no band lowers the accuracy by {LEAST_LOSS:.2f}"
INACCURATE = f"not counted: accuracy without noise below {LEAST_ACCURACY:.2f}"
WITHOUT_BIAS = "not counted: no shape bias"


def fit_channel(octaves: np.ndarray, loss: np.ndarray) -> Channel:
    """Fit a Gaussian to losses of accuracy by least squares.

    Parameters
    ----------
    octaves : numpy.ndarray
        (frequency,) log2 of the frequencies in cycles per image, rising, at least three.
    loss : numpy.ndarray
        (frequency,) accuracy without noise minus that with noise at each frequency.

    Returns
    -------
    Channel
        Its centre is not outside the frequencies.

    Examples
    --------
    >>> octaves = np.arange(7.0)
    >>> [round(float(value), 3) for value in fit_channel(octaves, gaussian(octaves, 3.3, 2, 0.4))]
    [3.3, 2.0, 0.4]
    """
    bounds = [octaves[0], NARROWEST, 0.0], [octaves[-1], WIDEST, 1.0]
    start = fit_on_grid(octaves, loss[None])[:, 0]
    found, _ = curve_fit(gaussian, octaves, loss, np.clip(start, *bounds), bounds=bounds, max_nfev=10_000)
    return Channel(*found.tolist())


def fit_on_grid(octaves: np.ndarray, losses: np.ndarray) -> np.ndarray:
    """The best of the Gaussians on a grid of centres and widths, for many losses at once.

    Parameters
    ----------
    octaves : numpy.ndarray
        As for `fit_channel`.
    losses : numpy.ndarray
        (resample, frequency).

    Returns
    -------
    numpy.ndarray
        (3, resample): the fields of `Channel`. At each point of the grid, the peak is that of least squares.
    """
    centres = np.arange(octaves[0], octaves[-1] + STEP / 2, STEP)
    widths = np.exp(np.arange(np.log(NARROWEST), np.log(WIDEST) + STEP / 2, STEP))
    centre, width = (axis.ravel() for axis in np.meshgrid(centres, widths, indexing="ij"))
    shapes = gaussian(octaves[:, None], centre, width, 1.0)
    length = np.square(shapes).sum(axis=0)
    product = losses @ shapes
    # Least squares with the peak that suits the shape: what the Gaussian explains of the sum of squares is largest.
    best = np.argmax(np.maximum(product, 0) ** 2 / length, axis=1)
    peak = np.maximum(np.take_along_axis(product, best[:, None], axis=1)[:, 0] / length[best], 0)
    return np.stack([centre[best], width[best], peak])


def channels(bands: xr.Dataset, conflicts: xr.Dataset, size: int, reference: str = "humans") -> xr.Dataset:
    """The frequency channel of every observer, and how its centre goes with the shape bias.

    Parameters
    ----------
    bands : xarray.Dataset
        Decisions on frequency-bands.
    conflicts : xarray.Dataset
        Decisions on cue-conflict.
    size : int
        Pixels along a side of the images, for `cycles_per_pixel`.
    reference : str, optional
        Name of the reference group, whose trials are pooled: it counts as one observer.

    Returns
    -------
    xarray.Dataset
        Dimensions observer, frequency (cycles per image): `loss` of accuracy. Dimension observer: `accuracy` without
        noise; `centre` (cycles per image), `width` (full width at half maximum, octaves) and `peak` (loss of accuracy)
        of the channel, NaN for observers without one; `shape_bias`; and `reason`, why an observer has no channel or
        does not count, empty if it counts. Spearman's `correlation` between the centres and the shape biases of those
        that count, whose interval is that of resampled observers; NaN for fewer than three. All have intervals.
    """
    accuracy = _accuracies(bands, reference)
    without, frequency = accuracy.sel(frequency=0.0, drop=True), accuracy["frequency"].values[1:]
    loss = without - accuracy.sel(frequency=frequency)
    bias = resampled_bias(conflicts, reference).drop_vars(["family", "is_reference"], errors="ignore")
    bias = bias.reindex(observer=accuracy["observer"].values)
    reason = _reasons(without.isel(resample=0), loss.isel(resample=0), bias.isel(resample=0))
    found = with_intervals(xr.Dataset({"accuracy": without, "shape_bias": bias}))
    found = found.assign(difference("loss", loss)).assign(_channels(loss, [text == NO_CHANNEL for text in reason]))
    counts = [not text for text in reason]
    found = found.assign(_correlation(found["centre"].values[counts], found["shape_bias"].values[counts]))
    return found.assign_coords(
        reason=("observer", reason), cycles_per_pixel=("frequency", frequency / size)
    ).assign_attrs(reference=reference, size=size)


def _accuracies(decisions, reference):
    """Accuracy on resampled images, the same scenes at all frequencies: (resample, observer, frequency)."""
    parts = {frequency_of(condition): part for condition, part in by_condition(decisions).items()}
    frequencies = sorted(parts)
    if frequency_of(WITHOUT_NOISE) not in parts or len(parts) <= FEWEST_BANDS:
        expected = f"expected the condition {WITHOUT_NOISE!r} and at least {FEWEST_BANDS} bands"
        shown = ", ".join(f"{one:g}" for one in frequencies)
        raise InputError(f"{decisions.attrs['dataset']}: {expected}, found {shown}")
    values = np.stack([_accuracy(parts[frequency]) for frequency in frequencies], axis=-1)
    is_reference, family = (decisions[name].values for name in ("is_reference", "family"))
    group = values[:, is_reference].mean(axis=1, keepdims=True)
    coords = {
        "observer": [reference, *decisions["observer"].values[~is_reference].tolist()],
        "family": ("observer", [*family[is_reference][:1].tolist(), *family[~is_reference].tolist()]),
        "is_reference": ("observer", np.arange(1 + np.count_nonzero(~is_reference)) == 0),
        "frequency": frequencies,
    }
    dims = ("resample", "observer", "frequency")
    return xr.DataArray(np.concatenate([group, values[:, ~is_reference]], axis=1), coords, dims)


def _accuracy(decisions):
    truth = index_of(decisions["true_category"], decisions, "category")
    answers = (decisions["response"].values == truth).astype(float)
    sample = resample(answers, decisions.attrs["dataset"], "all")
    return ratio(sample.right(), sample.images)


def _reasons(accuracy, loss, bias):
    """Why each observer has no channel or does not count."""
    falls = loss.max("frequency").values >= LEAST_LOSS - ROUNDING
    accurate = accuracy.values >= LEAST_ACCURACY - ROUNDING
    conditions = [~falls, ~accurate, np.isnan(bias.values)]
    return np.select(conditions, [NO_CHANNEL, INACCURATE, WITHOUT_BIAS], "").tolist()


def _channels(loss, without_channel):
    """Centre, width and peak of every observer, with intervals; NaN without a channel."""
    octaves, dims = np.log2(loss["frequency"].values), ("resample", "observer", "frequency")
    values = np.full((3, 1 + RESAMPLES, loss.sizes["observer"]), np.nan)
    for number, is_without in enumerate(without_channel):
        if not is_without:
            of_observer = loss.transpose(*dims).values[:, number]
            values[:, 0, number] = fit_channel(octaves, of_observer[0])
            # For the quantiles of an interval, the steps of the grid are small enough.
            values[:, 1:, number] = fit_on_grid(octaves, of_observer[1:])
    log_centre, width, peak = values[0], values[1], values[2]
    found = {}
    for name, one in {"centre": np.exp2(log_centre), "width": width, "peak": peak}.items():
        found[name] = ("observer", one[0])
        found[f"{name}_interval"] = (("observer", "bound"), interval(one, highest=np.inf))
    return found


def _correlation(centre, bias):
    """Spearman's correlation and its interval by resampling observers."""
    if len(centre) < FEWEST_OBSERVERS:
        return {"correlation": np.nan, "correlation_interval": ("bound", [np.nan, np.nan])}
    chosen = generator("bootstrap", SEED, "observers").integers(len(centre), size=(RESAMPLES, len(centre)))
    chosen = np.vstack([np.arange(len(centre)), chosen])
    values = spearman(centre[chosen], bias[chosen])
    return {"correlation": values[0], "correlation_interval": ("bound", interval(values, lowest=-1.0))}


def spearman(first, second):
    """Spearman's rank correlation along the last axis; NaN where all values of one are equal.

    Examples
    --------
    >>> spearman(np.array([1.0, 2, 3]), np.array([9.0, 5, 1])).item()
    -1.0
    """
    ranks = [rankdata(values, axis=-1) for values in (first, second)]
    first, second = (one - one.mean(axis=-1, keepdims=True) for one in ranks)
    squares = (first**2).sum(axis=-1) * (second**2).sum(axis=-1)
    return ratio((first * second).sum(axis=-1), np.sqrt(squares))
