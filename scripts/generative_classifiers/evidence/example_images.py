"""What a model makes of single images at one draw, for figures."""

import numpy as np
import xarray as xr

from generative_classifiers.evidence.request import as_strings
from generative_classifiers.evidence.scoring import score_images
from generative_classifiers.io.errors import InputError
from generative_classifiers.stimuli.square_images import squares

PICTURE = ("y", "x", "channel")


def select(stimuli, name, dataset):
    """One image of a dataset.

    Parameters
    ----------
    stimuli : xarray.Dataset
        As `stimuli/<dataset>.zarr`.
    name : str
        Of the image.
    dataset : str
        For the error message.

    Returns
    -------
    xarray.Dataset
        Stimuli with a single image.

    Raises
    ------
    InputError
        The dataset has no such image.
    """
    names = as_strings(stimuli["name"])
    if name not in names:
        raise InputError(f"{dataset}: has no image {name!r}, expected one of {', '.join(names[:3])}, …")
    return stimuli.isel(image=[names.index(name)])


def reconstruct(model, example_images, draw, seed, times):
    """Reconstruct images under all prompts.

    Parameters
    ----------
    model : models.base.Model
        A model that reconstructs images.
    example_images : sequence of xarray.Dataset
        Stimuli. Each dataset may have images of another size.
    draw : int
        Number of the draw.
    seed, times
        As for `job.compute_evidence`.

    Returns
    -------
    xarray.Dataset
        `stimulus` and `noised` (image, y, x, channel), `reconstruction` (image, category, y, x, channel), uint8 at the
        resolution of the model; `distance` float32 (image, category); `name` of each image; `time` and `sigma` of the
        draw.
    """
    draws = model.draws(draw + 1, seed, times)[draw:]
    parts = [_reconstruct(model, stimuli, draws, draw) for stimuli in example_images]
    coords = {"category": np.array(model.categories, object), "time": draws.time[0], "sigma": draws.sigma[0]}
    return xr.concat(parts, "image").assign_coords(coords)


def _reconstruct(model, stimuli, draws, number):
    """Reconstruct stimuli of one size at the only draw of `draws`, given also by its number."""
    images, names = stimuli["image"].values, as_strings(stimuli["name"])
    scored = score_images(model, images, names, draws, reconstruct=number, title="example images")
    pixels = model.decode(scored["reconstruction"])
    return xr.Dataset(
        {
            "stimulus": (("image", *PICTURE), squares(images, model.resolution)),
            "noised": (("image", *PICTURE), model.add_noise(images, names, draws)),
            "reconstruction": (("image", "category", *PICTURE), pixels),
            "distance": (("image", "category"), scored["loss"][:, :, 0]),
        },
        coords={"name": ("image", np.array(names, object))},
    )
