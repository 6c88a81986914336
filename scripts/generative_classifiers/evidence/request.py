"""Requests: which losses are asked for, and what they depend on."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from generative_classifiers.draws.density import LevelDensity
from generative_classifiers.draws.levels import Draws, rule_identity
from generative_classifiers.evidence.pruning import PruningTest
from generative_classifiers.io.digests import digest
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.reconstruction_layout import ReconstructionLayout
from generative_classifiers.stimuli.content import image_hashes
from generative_classifiers.study.families import FAMILIES
from generative_classifiers.study.validation import MOST_DRAWS
from generative_classifiers.study.views import View

# What evidence repeats of its stimuli, by the names that it has there.
COORDINATES = {"true_category": "category", "condition": "condition", "texture_category": "texture_category"}


@dataclass(frozen=True)
class Request:
    """The losses that are asked for.

    Attributes
    ----------
    observer, dataset : str
        For names and messages; losses do not depend on them.
    identity : dict
        All that changes losses beyond rounding, apart from the image, the prompt and the draw: the model's identity,
        the seed, and the rule of the noise levels. Plain data.
    images : dict of str to list of str
        Of each image: `name`, `image_hash`, `true_category`, `condition`, and `texture_category` on cue conflicts.
    prompts : dict of str to str
        By category.
    draws : Draws
    reconstruct : int or None
        Number of the draw whose reconstructions are kept.
    reconstruction_layout : ReconstructionLayout or None
        How they are kept; None if none are.
    pruning : PruningTest or None
        None if every category gets all draws.
    kept : Draws or None
        The draw whose reconstructions are kept, if it is not one of those that the score is made of.
    shared : tuple of str or None
        The category of each prompt, if several prompts have the same; `prompts` then has their own texts as keys.
    view : View or None
        What is done to images before the model sees them. Their hashes in `images` are those before.
    """

    observer: str
    dataset: str
    identity: dict[str, Any]
    images: dict[str, list[str]]
    prompts: dict[str, str]
    draws: Draws
    reconstruct: int | None
    reconstruction_layout: ReconstructionLayout | None
    pruning: PruningTest | None
    shared: tuple[str, ...] | None = None
    kept: Draws | None = None
    view: View | None = None

    @property
    def categories(self) -> list[str]:
        """The category of each prompt."""
        return list(self.shared or self.prompts)

    @property
    def identity_digest(self) -> str:
        """The same for all requests whose losses can be used for each other."""
        return digest(self.identity)

    @property
    def digest(self) -> str:
        """The same for all requests whose stores contain the same."""
        return digest(
            {
                "identity": self.identity,
                "images": self.images,
                "prompts": list(zip(self.categories, self.prompts.values(), strict=True)),
                "draws": self.draws.number.tolist(),
                "reconstruct": self.reconstruct,
                "kept_as": self.reconstruction_layout.name if self.reconstruction_layout else None,
                "pruning": self.pruning.identity if self.pruning else None,
            }
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of images, categories and draws."""
        return len(self.images["name"]), len(self.prompts), len(self.draws)

    @property
    def title(self) -> str:
        """Observer and dataset, for messages."""
        return f"{self.observer} on {self.dataset}"


def request_evidence(
    model,
    stimuli,
    *,
    observer,
    dataset,
    count=1,
    seed=0,
    times="golden",
    reconstruct=None,
    pruning=None,
    categories=None,
    view=None,
):
    """Ask a model for its losses on stimuli.

    Parameters
    ----------
    model : models.base.Model
    stimuli : xarray.Dataset
        As `stimuli/<dataset>.zarr`.
    observer, dataset : str
        For names and messages.
    count : int
        Number of draws.
    seed : int
        Seed of the noise.
    times : {"golden", "uniform"} or LevelDensity
        How noise levels are chosen: `draws.levels.times`.
    reconstruct : int, optional
        Number of the draw whose reconstructions are kept. Families that do not reconstruct images keep none.
    pruning : pruning.PruningTest, optional
        Says when categories get no more draws; without it every category gets all draws.
    categories : sequence of str, optional
        The category of each of the model's prompts, if several prompts have the same.
    view : study.views.View, optional
        What is done to images before the model sees them.

    Returns
    -------
    Request

    Raises
    ------
    InputError
        The stimuli, the number of draws or the reconstructed draw are not as expected, or the view needs larger images.
    """
    title = f"{observer} on {dataset}"
    reconstruct = reconstruct if model.reconstructs else None
    kept = None
    if isinstance(times, LevelDensity) and reconstruct is not None:
        kept = _kept_draw(model, seed, reconstruct)
        reconstruct = int(kept.number[0])
    _check_stimuli(stimuli, title)
    _check_draws(count, reconstruct if kept is None else None, pruning, title)
    has_levels = FAMILIES[model.family].has_levels
    settings = {"times": rule_identity(times)} if has_levels else {}
    if view and view.changes:
        view.check_size(stimuli["image"].shape[1:3], title)
        settings["view"] = view.as_params()
    return Request(
        observer,
        dataset,
        {**model.identity, "seed": seed, **settings},
        describe_images(stimuli),
        model.prompts,
        model.draws(count, seed, times),
        reconstruct,
        None if reconstruct is None else model.reconstruction_layout,
        pruning if has_levels else None,
        tuple(categories) if categories else None,
        kept,
        view,
    )


def _kept_draw(model, seed, number):
    """The level of a golden draw (0.5 for the first one) with noise of its own, which no draw of the score has."""
    golden = model.draws(number + 1, seed)[number:]
    return replace(golden, number=-1 - golden.number)


def describe_images(stimuli: xr.Dataset) -> dict[str, list[str]]:
    """What evidence knows of its stimuli, as `Request.images`.

    Parameters
    ----------
    stimuli : xarray.Dataset
        `image` uint8 (image, y, x, channel), with the coordinates name, category, condition.
    """
    known = {"name": as_strings(stimuli["name"]), "image_hash": image_hashes(stimuli["image"])}
    present = {new: old for new, old in COORDINATES.items() if old in stimuli.coords}
    return known | {new: as_strings(stimuli[old]) for new, old in present.items()}


def as_strings(coordinate: xr.DataArray) -> list[str]:
    """The values of a text coordinate as a list of str, whichever of numpy's types for text it has."""
    return [str(value) for value in coordinate.values]


def _check_stimuli(stimuli, title):
    """Raise InputError unless stimuli have distinct names and images as models take them."""
    image = stimuli["image"]
    if image.dims != ("image", "y", "x", "channel") or image.dtype != np.uint8 or not image.size:
        raise InputError(
            f"{title}: expected stimuli with at least one image and images uint8 (image, y, x, channel), "
            f"found {image.dtype} {dict(image.sizes)}"
        )
    if image.sizes["channel"] != 3:
        raise InputError(f"{title}: expected images of 3 channels, found {image.sizes['channel']}")
    names, repeats = np.unique(as_strings(stimuli["name"]), return_counts=True)
    if repeats.max() > 1:
        raise InputError(f"{title}: expected each image once, found {names[repeats.argmax()]} {repeats.max()} times")


def _check_draws(count, reconstruct, pruning, title):
    """Raise InputError unless there is a draw, and the reconstructed draw is one that no category misses."""
    if not 1 <= count <= MOST_DRAWS:
        raise InputError(f"{title}: expected 1 to {MOST_DRAWS} draws, found {count}")
    certain = pruning.minimum if pruning else count
    if reconstruct is not None and not 0 <= reconstruct < certain:
        raise InputError(
            f"{title}: expected a draw from 0 to {certain - 1} to reconstruct, which every category gets, "
            f"found {reconstruct}"
        )
