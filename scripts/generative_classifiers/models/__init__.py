"""Model families behind one interface, `models.base.Model`. Nothing else knows diffusers or transformers."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from generative_classifiers.io.errors import InputError
from generative_classifiers.study.families import FAMILIES

if TYPE_CHECKING:
    import numpy as np

    from generative_classifiers.models.base import Model
    from generative_classifiers.study.observer import ModelObserver


class Decoder(Protocol):
    """What turns reconstructions into pixels.

    Attributes
    ----------
    hash : str
        SHA-256 of its weights: `decoder` in `ReconstructionLayout`.
    """

    hash: str

    def pixels(self, kept: np.ndarray) -> np.ndarray:
        """uint8 images (image, y, x, channel) of reconstructions (image, …) as stores keep them."""
        ...


def load(
    observer: str,
    row: ModelObserver,
    prompts: Mapping[str, str],
    *,
    path: Path | None = None,
    device: str | None = "auto",
    batch_size: int | None = None,
    compile: bool = False,
    mirror: str | None = None,
) -> Model:
    """Load an observer that is a model.

    Parameters
    ----------
    observer : str
        Its name, for messages.
    row : study.observers.ModelObserver
    prompts : dict of str to str
        Prompt by category, in the order of the category dimension.
    path : Path, optional
        Where the weights are, instead of where the row says.
    device : str
        "auto" (a GPU if there is one), "cpu", "cuda".
    batch_size : int, optional
        Evaluations at once, instead of the row's `batch_size`.
    compile : bool
        Compile the network when it is first used. This takes minutes and pays off in long runs.
    mirror : str, optional
        Server to ask for files instead of their own: `stimuli.sources.mirror`. The Hugging Face hub has a setting
        of its own for this, HF_ENDPOINT.

    Returns
    -------
    models.base.Model

    Raises
    ------
    InputError
        The observer is no model, a setting is wrong, or the weights are missing or not those expected.
    """
    if not row.needs_evidence:
        raise InputError(f"{observer}: it is no model; its decisions are read from files")
    batch_size = row.batch_size if batch_size is None else batch_size
    if batch_size < 1:
        raise InputError(f"{observer}: batch size is {batch_size}, expected at least 1")
    if not prompts:
        raise InputError(f"{observer}: no categories to choose from")
    # Imported late: not every environment has the packages of every family, and PyTorch takes seconds to import.
    from generative_classifiers.models.base import Runtime, choose_device

    runtime = Runtime(choose_device(device), row.dtype, batch_size, compile)
    family = import_module(f"{__name__}.{row.kind.module}")
    return family.load(observer, row, prompts, runtime, path=path, mirror=mirror)


def load_decoder(
    family: str, observer: str, row: ModelObserver, *, path: Path | None = None, device: str | None = "auto"
) -> Decoder:
    """Load only what turns reconstructions into pixels, where they are kept as latents or tokens.

    Parameters
    ----------
    family : {"diffusion", "masked"}
        Of the model that made them.
    observer, row, path, device
        As for `load`. Of the row, only where the pipeline is matters.

    Raises
    ------
    InputError
        There is no pipeline, or it has no decoder.
    """
    if not hasattr(row, "pipeline"):
        raise InputError(f"{observer}: expected a model with a pipeline, which has a decoder")
    from generative_classifiers.models.base import choose_device

    module = import_module(f"{__name__}.{FAMILIES[family].module}")
    return module.load_decoder(observer, row, path=path, device=choose_device(device))
