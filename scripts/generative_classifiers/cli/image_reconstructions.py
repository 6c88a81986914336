"""The reconstructions of one image as a figure, from a store of evidence and its stimuli."""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from generative_classifiers.cli.decoded_reconstructions import decode_reconstructions, number_of
from generative_classifiers.cli.store_summary import read_evidence
from generative_classifiers.decisions.from_evidence import decision_table, score_categories
from generative_classifiers.figures.reconstruction_grid import reconstruction_grid
from generative_classifiers.io.attributes import decode_attributes
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.stores import ROOT_METADATA, open_store
from generative_classifiers.stimuli.square_images import read_image


def plot_image(
    store: str | Path,
    image: str,
    stimuli: str | Path | None = None,
    weighting: str | None = None,
    observer: str | None = None,
) -> tuple[Figure, pd.DataFrame]:
    """Plot what a model makes of an image.

    Parameters
    ----------
    store : Path
        Evidence with reconstructions.
    image : str
        Name of the image, or its number from 0.
    stimuli : Path, optional
        Store or folder of the images that the model saw; by default the stimuli of the study.
    weighting : str, optional
        Weighting of the draws: as for `decisions.from_evidence.weighting_of`.
    observer : str, optional
        Where the decoder of the reconstructions is: as for `decode_reconstructions`.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The stimulus, and the reconstructions with the losses of their draw. The decision over all draws is marked.
    row : pandas.DataFrame
        The row of the image in `decisions.from_evidence.decision_table`.

    Raises
    ------
    InputError
        The store has no such image or no reconstructions, or the stimulus or the decoder cannot be found.
    """
    store, evidence = Path(store), read_evidence(store)
    reconstructions = decode_reconstructions(store, image, observer).values
    draw = decode_attributes(evidence.attrs)["reconstruct"]
    evidence = evidence.isel(image=[number_of(image, evidence, store)])
    row = decision_table(evidence, weighting)
    name, decision = row["image"].item(), row["decision"].item()
    categories = evidence["category"].values.tolist()
    pixels = _stimulus(name, Path(stimuli or _stimuli_of(store)), side=reconstructions.shape[1])
    figure = reconstruction_grid(
        {f"stimulus\n{_true_categories(evidence)}": pixels},
        reconstructions,
        _distances(evidence, draw, weighting),
        categories,
        chosen=categories.index(decision),
        title=f"{evidence.attrs['observer']} on {name}: {decision}",
    )
    return figure, row


def _distances(evidence: xr.Dataset, draw: int, weighting: str | None) -> np.ndarray:
    """Losses of the kept draw, or the scores if it has a level of its own, outside the score."""
    if draw in evidence["draw"]:
        return evidence["loss"].sel(draw=draw).values[0].astype(float)
    return score_categories(evidence, weighting)[0]


def _true_categories(evidence: xr.Dataset) -> str:
    """The category of the shape, and in cue conflicts that of the texture."""
    names = [name for name in ("true_category", "texture_category") if name in evidence]
    return " / ".join(str(evidence[name].item()) for name in names)


def _stimuli_of(store: Path) -> Path:
    """The stimuli of the study with the evidence `data/<study>/evidence/<observer>/<dataset>.zarr`."""
    study = store.absolute().parent.parent.parent  # not where the link points to: that is the cache
    return study / "stimuli" / store.name


def _stimulus(name: str, stimuli: Path, side: int) -> np.ndarray:
    """Pixels (y, x, channel) of an image in a store, or of a file in a folder, cropped and resized as for the model."""
    if (stimuli / ROOT_METADATA).is_file():
        images = open_store(stimuli)
        numbers = np.flatnonzero(images["name"].values == name)
        if len(numbers):
            return images["image"][numbers[0]].values
    elif (stimuli / name).is_file():
        return read_image(stimuli / name, side)
    raise InputError(f"{stimuli}: has no image {name}; --stimuli names the store or folder of what the model saw")
