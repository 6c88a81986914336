"""What a model makes of single images at one noise level, for people to look at."""

import numpy as np
import xarray as xr

from generative_classifiers.evidence.scoring import evaluate, texts
from generative_classifiers.io.errors import InputError
from generative_classifiers.stimuli.images import squares

PICTURE = ("y", "x", "channel")


def select(stimuli, name, dataset):
    """One image of a dataset, by name.

    Parameters
    ----------
    stimuli : xarray.Dataset
        As `stimuli/<dataset>.zarr`.
    name, dataset : str

    Returns
    -------
    xarray.Dataset
        Stimuli.

    Raises
    ------
    InputError
        There is no such image.
    """
    names = texts(stimuli["name"])
    if name not in names:
        raise InputError(f"{dataset}: no image {name!r}, expected one of {', '.join(names[:3])}, …")
    return stimuli.isel(image=[names.index(name)])


def reconstruct(model, example_images, draw, seed, times):
    """Reconstruct images under all prompts.

    Parameters
    ----------
    model : models.base.Model
        One that paints.
    example_images : sequence of xarray.Dataset
        Stimuli, of whatever sizes.
    draw : int
        Number of the draw.
    seed, times
        As in `evidence.compute_evidence`.

    Returns
    -------
    xarray.Dataset
        `stimulus`, `noised` (image, y, x, channel) and `reconstruction` (image, category, y, x, channel), uint8 of
        the model's resolution; `distance` float32 (image, category); `name` per image; `time` and `sigma` of the draw.
    """
    draws = model.draws(draw + 1, seed, times)[draw:]
    parts = [_reconstruct(model, stimuli, draws, draw) for stimuli in example_images]
    coords = {"category": np.array(model.categories, object), "time": draws.time[0], "sigma": draws.sigma[0]}
    return xr.concat(parts, "image").assign_coords(coords)


def _reconstruct(model, stimuli, draws, number):
    """`reconstruct` for stimuli of one size."""
    images, names = stimuli["image"].values, texts(stimuli["name"])
    found = evaluate(model, images, names, draws, reconstruct=number, what="example_images")
    return xr.Dataset(
        {
            "stimulus": (("image", *PICTURE), squares(images, model.resolution)),
            "noised": (("image", *PICTURE), model.add_noise(images, names, draws)),
            "reconstruction": (("image", "category", *PICTURE), found["reconstruction"]),
            "distance": (("image", "category"), found["loss"][:, :, 0]),
        },
        coords={"name": ("image", np.array(names, object))},
    )
