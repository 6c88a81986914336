"""Reconstructions of an image in pixels, from a store that keeps them as pixels, latents or tokens."""

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from tqdm import tqdm

from generative_classifiers.io.attributes import decode_attributes
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.stores import RECONSTRUCTIONS, open_evidence

PATIENCE = 2  # seconds, until progress is shown


def decode_reconstructions(
    store: str | Path, image: str | int, observer: str | None = None, device: str = "auto"
) -> xr.DataArray:
    """The reconstructions of one image under the prompts of all categories, in pixels.

    Models with latents or image tokens keep these, which are much smaller. To turn them into pixels, only the model's
    decoder is loaded. It must be the one that belongs to the evidence. On a CPU this takes minutes for large models.

    Parameters
    ----------
    store : Path or str
        Evidence with reconstructions, `<name>.zarr`.
    image : str or int
        Name of the image, or its number from 0.
    observer : str, optional
        Where the decoder is: the folder of a pipeline, a hub id or a name of `registry/observers.yaml`; by default the
        observer that the store names.
    device : str, optional
        "auto" (a GPU if there is one), "cpu" or "cuda".

    Returns
    -------
    xarray.DataArray
        uint8 (category, y, x, channel).

    Raises
    ------
    InputError
        The store has no such image or no reconstructions, or the decoder is missing or another one.

    Examples
    --------
    >>> store = "data/paper/evidence/stable-diffusion-1-4/edge.zarr"
    >>> decode_reconstructions(store, "bottle1.png").sel(category="cat")  # doctest: +SKIP
    """
    store, evidence = Path(store), open_evidence(store)
    name = next((name for name in RECONSTRUCTIONS if name in evidence), None)
    if name is None:
        raise InputError(
            f"{store}: has no reconstructions; models that paint keep those of one draw: evidence.reconstruct_draw in "
            "the study's file, or --reconstruct-draw of classify"
        )
    kept = evidence[name][number_of(image, evidence, store)].load()
    if name == "reconstruction":
        return kept
    pixels = _decoded(kept.values, decode_attributes(evidence.attrs), store, observer, device)
    return xr.DataArray(pixels, {"category": kept["category"]}, ("category", "y", "x", "channel"))


def number_of(image: str | int, evidence: xr.Dataset, store: Path) -> int:
    """Number of an image that is given by its name or number."""
    names = evidence["name"].values.tolist()
    if image in names:
        return names.index(image)
    if str(image).isdigit() and int(image) < len(names):
        return int(image)
    raise InputError(f"{store}: no image {image}; expected a name such as {names[0]}, or 0 to {len(names) - 1}")


def _decoded(kept: np.ndarray, made_by: dict, store: Path, observer: str | None, device: str) -> np.ndarray:
    """Pixels of the reconstructions (category, …) of an image, decoded one by one."""
    import torch

    decoder = _decoder_of(made_by, store, observer or made_by["observer"], device)
    with torch.inference_mode():
        shown = tqdm(np.split(kept, len(kept)), "decoding", unit=" images", delay=PATIENCE)
        return np.concatenate([decoder.pixels(one) for one in shown])


def _decoder_of(made_by: dict, store: Path, observer: str, device: str) -> Any:
    """The decoder of an observer, if it is the one that the reconstructions of a store belong to."""
    from generative_classifiers import models
    from generative_classifiers.cli.classify_folder import find_observer

    try:
        row, path = find_observer(observer)
        decoder = models.load_decoder(made_by["family"], observer, row, path=path, device=device)
    except InputError as error:
        reason = f"the decoder of its reconstructions is missing ({error})"
        raise InputError(f"{store}: {reason}; --observer names the pipeline that has it") from error
    if decoder.hash != made_by["decoder"]:
        reason = f"its reconstructions belong to the decoder {made_by['decoder']}, but {observer} has {decoder.hash}"
        raise InputError(f"{store}: {reason}; --observer names the pipeline that has it")
    return decoder
