"""What a store of evidence contains: its arrays, its coordinates and its attributes."""

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from generative_classifiers.draws.levels import Draws
from generative_classifiers.evidence.request import Request
from generative_classifiers.models.reconstruction_layout import ReconstructionLayout


class ArrayLayout(NamedTuple):
    """How the values of an array over images are stored.

    Attributes
    ----------
    dtype : str
    fill : float or int
        What Zarr gives where nothing was written.
    dims : dict of str to int
        Lengths of the dimensions of one image.
    chunk_per_image : bool
        Whether a reader can get a single image without its whole shard.
    """

    dtype: str
    fill: float
    dims: dict[str, int]
    chunk_per_image: bool = False


def array_layouts(
    categories: int, draws: int, reconstruction: ReconstructionLayout | None = None
) -> dict[str, ArrayLayout]:
    """The arrays of a store that are filled shard by shard.

    Parameters
    ----------
    categories, draws : int
        Numbers of categories and of draws.
    reconstruction : ReconstructionLayout, optional
        How reconstructions are kept; without it there are none.

    Returns
    -------
    dict of str to ArrayLayout
        By name.

    Examples
    --------
    >>> from generative_classifiers.models.reconstruction_layout import pixel_layout
    >>> array_layouts(16, draws=64)["loss"].dims
    {'category': 16, 'draw': 64}
    >>> array_layouts(16, 64, pixel_layout(512))["reconstruction"].dims
    {'category': 16, 'y': 512, 'x': 512, 'channel': 3}
    """
    per_category = {"category": categories}
    layouts = {
        "loss": ArrayLayout("float32", float("nan"), per_category | {"draw": draws}),
        "evaluations": ArrayLayout("int32", -1, {}),
    }
    if reconstruction is not None:
        dims = per_category | reconstruction.dims
        layouts[reconstruction.name] = ArrayLayout(reconstruction.dtype, 0, dims, chunk_per_image=True)
    return layouts


def layouts_of(request: Request) -> dict[str, ArrayLayout]:
    """The arrays of the store that a request asks for."""
    return array_layouts(len(request.prompts), len(request.draws), request.reconstruction_layout)


def coordinates(request: Request) -> xr.Dataset:
    """The coordinates and attributes of the store that a request asks for, without its arrays.

    Parameters
    ----------
    request : Request

    Returns
    -------
    xarray.Dataset
        `category` has the categories to choose from, with the `prompt` of each: a category with several prompts comes
        several times. `true_category` is that of the image.
    """
    draws = request.draws
    per_image = {name: ("image", np.array(values, object)) for name, values in request.images.items()}
    per_draw = {name: ("draw", getattr(draws, name)) for name in per_draw_names(draws)}
    coords = {
        **per_image,
        **per_draw,
        "draw": draws.number,
        "category": np.array(request.categories, object),
        "prompt": ("category", np.array(list(request.prompts.values()), object)),
    }
    return xr.Dataset(coords=coords, attrs=attributes(request))


def per_draw_names(draws):
    """What stores know of each draw: its density only where levels are not spread evenly."""
    return ("time", "alpha", "sigma", "seed") + (() if (draws.density == 1).all() else ("density",))


def stored_draws(store):
    """The draws of a store of evidence: an xarray.Dataset, or its zarr.Group."""
    names = ("draw", "time", "alpha", "sigma", "seed", "density")
    return Draws(*(np.asarray(store[name]) for name in names if name in store))


def attributes(request: Request) -> dict[str, Any]:
    """What the attributes of a store say: what its losses depend on, and their digests."""
    return {
        "observer": request.observer,
        "dataset": request.dataset,
        **request.identity,
        "reconstruct": request.reconstruct,
        "decoder": request.reconstruction_layout.decoder if request.reconstruction_layout else None,
        "pruning": request.pruning.identity if request.pruning else None,
        "identity": request.identity_digest,
        "request": request.digest,
    }
