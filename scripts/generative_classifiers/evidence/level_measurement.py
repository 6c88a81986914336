"""Measuring how much a model's losses differ between categories at each noise level: a row of registry/levels.yaml."""

import numpy as np
import xarray as xr
from tqdm import tqdm

from generative_classifiers.draws.level_table import LevelTable, fit_levels, log_snr
from generative_classifiers.draws.levels import Draws
from generative_classifiers.evidence.request import as_strings
from generative_classifiers.io.random_numbers import generator
from generative_classifiers.io.stores import read
from generative_classifiers.models.base import Model
from generative_classifiers.study.study import Study

LEVELS, POWER = 24, 1.5  # levels of a table, and how much closer they are where there is little noise
SEED = 1_000_000  # of their noise, which no study uses


def some_images(study: Study, count: int, salt: str = "levels") -> xr.Dataset:
    """Images of all datasets of a study, in a random order that depends on their names alone.

    Parameters
    ----------
    study : study.study.Study
        Whose stimuli are there already.
    count : int
    salt : str
        Another word gives another order.

    Returns
    -------
    xarray.Dataset
        As stimuli, named `<dataset>/<condition>/<image>`.
    """
    parts = []
    for dataset in study.stimuli:
        part = read(f"data/{study.folder}/stimuli/{dataset}.zarr").drop_vars("texture_category", errors="ignore")
        names = zip(as_strings(part["condition"]), as_strings(part["name"]), strict=True)
        parts.append(part.assign_coords(name=("image", ["/".join((dataset, *both)) for both in names])))
    images = xr.concat(parts, "image")
    order = np.argsort([generator(salt, name).random() for name in images["name"].values])
    return images.isel(image=order[:count])


def measure_levels(model: Model, stimuli: xr.Dataset, progress: bool = True) -> LevelTable:
    """Evaluate images at each of some noise levels with two samples of noise, and fit a table.

    Parameters
    ----------
    model : models.base.Model
        Of the family diffusion.
    stimuli : xarray.Dataset
    progress : bool
        Whether to show progress on stderr.

    Returns
    -------
    LevelTable
    """
    time = ((np.arange(LEVELS) + 0.5) / LEVELS) ** POWER
    alpha, sigma = model.scales(time)
    pairs = Draws(np.arange(2 * LEVELS), *(np.repeat(one, 2) for one in (time, alpha, sigma, np.full(LEVELS, SEED))))
    images, names = stimuli["image"].values, as_strings(stimuli["name"])
    numbers = tqdm(range(len(names)), desc=model.observer, unit=" images", disable=not progress)
    loss = [model.evaluate(images[[number]], [names[number]], pairs)[0] for number in numbers]
    return fit_levels(np.concatenate(loss).reshape(len(names), -1, LEVELS, 2), log_snr(alpha, sigma))
