"""S6: does noise in training suffice?"""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from scipy.stats import t as student

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.random_numbers import generator
from generative_classifiers.metrics.lab.variants import CUE_CONFLICT
from generative_classifiers.metrics.resampling import BOUND, interval, resample
from generative_classifiers.metrics.shape_bias import resampled_bias
from generative_classifiers.study.recipes import Augmentation
from generative_classifiers.study.trainings import Replicate

CLEAN, UNDISTORTED = "colour", "cr"
NOISY, NOT_NOISY = "uniform-noise", "0.0"
DATASETS = (CUE_CONFLICT, CLEAN, NOISY)
MEASURES = ("shape_bias", "accuracy_clean", "accuracy_noisy")
LEAST_ACCURACY = 0.30  # on undistorted images, below which no conclusion is drawn


def dose_response(
    decisions: Sequence[xr.Dataset],
    trainings: Mapping[str, Replicate],
    augmentations: Mapping[str, Augmentation | None],
    compared_with: str,
    reference: str,
) -> xr.Dataset:
    """Shape bias and accuracy of networks by what was done to their training images, over several trainings each.

    Parameters
    ----------
    decisions : list of xarray.Dataset
        Those of `DATASETS`.
    trainings : dict of str to Replicate
        By observer.
    augmentations : dict of str to Augmentation or None
        By variant.
    compared_with : str
        The observer whose shape bias the variants' is compared with.
    reference : str
        Name of the reference group.

    Returns
    -------
    xarray.Dataset
        Dimensions measure, variant, seed: `value` of every training. Dimensions variant, seed: `tested`, whether the
        accuracy on undistorted images is at least `LEAST_ACCURACY`. Dimensions measure, variant: `mean` over the tested
        trainings. Dimension variant: `difference`, the mean shape bias minus that of `compared_with`. Means and
        differences have intervals, which need two tested trainings: see `_with_seeds`. Dimension measure: `target`, the
        values of `compared_with`, with intervals. Of each variant `kind`, as `kind_of` says, and `noise_share` and
        `low_pass`, 0 if there is none.

    Raises
    ------
    InputError
        A dataset or an observer is missing.
    """
    values = _values(decisions, list(dict.fromkeys([*trainings, compared_with])), reference)
    names = list(augmentations)
    seeds = sorted({one.seed for one in trainings.values()})
    place = {(one.variant, one.seed): observer for observer, one in trainings.items()}
    by_variant = np.stack([[values.sel(observer=place[name, seed]).values for seed in seeds] for name in names])
    by_variant = np.moveaxis(by_variant, (0, 1), (2, 3))  # measure, resample, variant, seed
    target = values.sel(observer=compared_with).values
    tested = by_variant[MEASURES.index("accuracy_clean"), 0] >= LEAST_ACCURACY
    difference = by_variant[0] - target[0][:, None, None]
    parts = [_with_seeds(one, tested, 0.0, measure) for measure, one in zip(MEASURES, by_variant, strict=True)]
    means, bounds = (np.stack(part) for part in zip(*parts, strict=True))
    mean_difference, difference_bounds = _with_seeds(difference, tested, -1.0, "difference")
    given = [one or Augmentation() for one in augmentations.values()]
    return xr.Dataset(
        {
            "value": (("measure", "variant", "seed"), by_variant[:, 0]),
            "tested": (("variant", "seed"), tested),
            "mean": (("measure", "variant"), means),
            "mean_interval": (("measure", "variant", "bound"), bounds),
            "difference": ("variant", mean_difference),
            "difference_interval": (("variant", "bound"), difference_bounds),
            "target": ("measure", target[:, 0]),
            "target_interval": (("measure", "bound"), np.stack([interval(one) for one in target])),
        },
        {
            "measure": list(MEASURES),
            "variant": names,
            "seed": seeds,
            "kind": ("variant", [kind_of(one) for one in given]),
            "noise_share": ("variant", [one.noise_share for one in given]),
            "low_pass": ("variant", [one.low_pass or 0.0 for one in given]),
            **BOUND,
        },
        {"compared_with": compared_with, "reference": reference},
    )


def kind_of(augmentation: Augmentation) -> str:
    """What is done to training images, whatever its strength.

    Examples
    --------
    >>> kind_of(Augmentation()), kind_of(Augmentation(sigma=0.5)), kind_of(Augmentation(low_pass=4, noise="alphas"))
    ('none', 'fixed', 'blur and noise')
    """
    noise = augmentation.noise or ("fixed" if augmentation.sigma else "none")
    if augmentation.low_pass:
        return "blur" if noise == "none" else "blur and noise"
    return noise


def _values(decisions, observers, reference):
    """The measures on resampled images, the same for all observers: (measure, resample, observer)."""
    by_name = {one.attrs["dataset"]: one for one in decisions}
    for dataset in DATASETS:
        if dataset not in by_name:
            raise InputError(f"expected decisions on {', '.join(DATASETS)}; those on {dataset} are missing")
        for missing in set(observers) - set(by_name[dataset]["observer"].values.tolist()):
            raise InputError(f"{missing} on {dataset}: no decisions, expected those of all trainings")
    clean, noisy = by_name[CLEAN], by_name[NOISY]
    conditions = [name for name in dict.fromkeys(noisy["condition"].values.tolist()) if name != NOT_NOISY]
    parts = [
        resampled_bias(by_name[CUE_CONFLICT], reference).sel(observer=observers).values,
        _accuracy(clean, UNDISTORTED, observers),
        np.mean([_accuracy(noisy, condition, observers) for condition in conditions], axis=0),
    ]
    return xr.DataArray(np.stack(parts), dims=("measure", "resample", "observer"), coords={"observer": observers})


def _accuracy(decisions, condition, observers):
    """Accuracy under one condition, (resample, observer)."""
    cell = decisions.sel(observer=observers).isel(image=decisions["condition"].values == condition)
    truth = cell.indexes["category"].get_indexer(cell["true_category"].values)
    sample = resample((cell["response"].values == truth).astype(float), decisions.attrs["dataset"], condition)
    return sample.right() / sample.images


def _with_seeds(values, tested, lowest, name):
    """The mean over trainings, and its interval for other trainings and other images together.

    Each resample of the images gives a mean over the trainings and its standard error. To the mean is added as many
    standard errors as a random number of Student's t distribution says. The interval is that of these sums: without
    other images it is Student's t, and without other trainings the bootstrap.

    Parameters
    ----------
    values : numpy.ndarray
        (resample, variant, seed).
    tested : numpy.ndarray
        bool (variant, seed).
    lowest : float
        The smallest possible mean.
    name : str
        The seed.

    Returns
    -------
    mean : numpy.ndarray
        (variant,); NaN without a tested training.
    bounds : numpy.ndarray
        (variant, bound); NaN with fewer than two.
    """
    means, bounds = [], []
    for variant in range(values.shape[1]):
        chosen = values[:, variant, tested[variant]]
        count = chosen.shape[1]
        means.append(chosen[0].mean() if count else np.nan)
        if count < 2:
            bounds.append([np.nan, np.nan])
            continue
        error = chosen.std(axis=1, ddof=1) / np.sqrt(count)
        scores = student.ppf(generator("seeds", name, variant).random(len(chosen)), count - 1)
        bounds.append(interval(chosen.mean(axis=1) + np.r_[0, scores[1:]] * error, lowest))
    return np.array(means), np.array(bounds)
