"""From an evidence store and its stimuli to the sheet of one image."""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from generative_classifiers.cli.inspection import read_evidence
from generative_classifiers.decisions.from_evidence import tabulate
from generative_classifiers.figures.reconstruction_grid import reconstruction_grid
from generative_classifiers.io.attributes import decode_attributes
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.stores import ROOT_METADATA, open_store
from generative_classifiers.stimuli.images import read


def grid_of_image(
    store: str | Path, image: str, stimuli: str | Path | None = None, weighting: str | None = None
) -> tuple[Figure, pd.DataFrame]:
    """Draw what a model made of one image.

    Parameters
    ----------
    store : Path
        Of evidence, with reconstructions.
    image : str
        Its name, or its number from 0.
    stimuli : Path, optional
        Store or folder of the images that the model saw; by default that of the study whose evidence it is.
    weighting : str, optional
        Of the draws in the decision: `inspection.weighting_of`.

    Returns
    -------
    figure : matplotlib.figure.Figure
        Stimulus and reconstructions with the losses of their draw; the decision, over all draws, is marked.
    row : pandas.DataFrame
        Of `decisions.tabulate`, of this image.

    Raises
    ------
    InputError
        The store has no such image or no reconstructions, or the stimulus cannot be found.
    """
    store = Path(store)
    evidence, pixels = read_evidence(store), open_store(store)
    if "reconstruction" not in pixels:
        raise InputError(
            f"{store}: has no reconstructions; models that paint keep those of one draw: evidence.reconstruct_draw in "
            "the study's file, or --reconstruct-draw of classify"
        )
    place, draw = _place(evidence, image, store), decode_attributes(evidence.attrs)["reconstruct"]
    one, painted = evidence.isel(image=[place]), pixels["reconstruction"][place].values
    row, categories = tabulate(one, weighting), one["category"].values.tolist()
    name, decision = row["image"].item(), row["decision"].item()
    shown = " / ".join(str(one[key].item()) for key in ("true_category", "texture_category") if key in one)
    figure = reconstruction_grid(
        {f"stimulus\n{shown}": _stimulus(name, Path(stimuli or _stimuli_of(store)), painted.shape[1])},
        painted,
        one["loss"].values[0, :, draw].astype(float),
        categories,
        chosen=categories.index(decision),
        title=f"{evidence.attrs['observer']} on {name}: {decision}",
    )
    return figure, row


def _place(evidence: xr.Dataset, image: str, store: Path) -> int:
    """Where an image is in a store."""
    names = evidence["name"].values.tolist()
    if image in names:
        return names.index(image)
    if image.isdigit() and int(image) < len(names):
        return int(image)
    raise InputError(f"{store}: no image {image}; expected a name such as {names[0]}, or 0 to {len(names) - 1}")


def _stimuli_of(store: Path) -> Path:
    """Where the stimuli of `data/<study>/evidence/<observer>/<dataset>.zarr` are."""
    return store.resolve().parent.parent.parent / "stimuli" / store.name


def _stimulus(name: str, stimuli: Path, side: int) -> np.ndarray:
    """Pixels (y, x, channel) of an image: of a store, or of a folder's file as a model of such a resolution sees it."""
    if (stimuli / ROOT_METADATA).is_file():
        images = open_store(stimuli)
        place = np.flatnonzero(images["name"].values == name)
        if len(place):
            return images["image"][place[0]].values
    elif (stimuli / name).is_file():
        return read(stimuli / name, side)
    raise InputError(f"{stimuli}: has no image {name}; --stimuli names the store or folder of what the model saw")
