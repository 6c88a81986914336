"""Classification of any folder of images by any categories, without a study."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from generative_classifiers import models
from generative_classifiers.decisions.from_evidence import decision_table
from generative_classifiers.draws.levels import DRAWS
from generative_classifiers.draws.weighting import RATE
from generative_classifiers.evidence.single_store import compute_evidence, read_requested
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.paths import registry_root
from generative_classifiers.stimuli.downloads import mirror
from generative_classifiers.stimuli.folders import image_names, read_folder
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.load import load_observers
from generative_classifiers.study.observer import ModelObserver
from generative_classifiers.study.pipelines import DiffusionObserver
from generative_classifiers.study.prompts import PROMPT, prompts_of
from generative_classifiers.study.validation import unknown


def classify(
    observer: str,
    images: str | Path,
    out: str | Path,
    categories: Sequence[str] = CATEGORIES,
    *,
    prompt: str = PROMPT,
    draws: int = DRAWS,
    seed: int = 0,
    times: Literal["golden", "uniform"] = "golden",
    weighting: Literal["exponential", "simple", "uniform"] = "exponential",
    rate: float = RATE,
    reconstruct: int | None = None,
    batch_size: int | None = None,
    device: str = "auto",
    dtype: Literal["float32", "bfloat16", "float16"] | None = None,
) -> pd.DataFrame:
    """Classify a folder of images with one model, and keep the evidence.

    Parameters
    ----------
    observer : str
        The model: a folder with a diffusers pipeline, the id of one on the Hugging Face hub, or a name of
        `registry/observers.yaml`.
    images : Path or str
        Folder of images. An image in a sub-folder with a category's name has it as its true category.
    out : Path or str
        The evidence store to write, `<name>.zarr`. If a run with the same settings was interrupted, it continues.
    categories : sequence of str, optional
        By default the 16 categories of the benchmark.
    prompt : str, optional
        The prompt of every category, with {category} where its name belongs.
    draws : int, optional
        Number of draws: noise levels, each with one noise sample.
    seed : int, optional
        Of the noise.
    times : {"golden", "uniform"}, optional
        How noise levels are chosen: `draws.levels.times`.
    weighting : {"exponential", "simple", "uniform"}, optional
        What each noise level counts for: `draws.weighting.level_weighting`.
    rate : float, optional
        Of the exponential weighting.
    reconstruct : int, optional
        Number of the draw whose reconstructions are kept; by default none are.
    batch_size : int, optional
        Evaluations at once; by default as the registry says.
    device : str, optional
        "auto" (a GPU if there is one), "cpu" or "cuda".
    dtype : {"float32", "bfloat16", "float16"}, optional
        Precision of the network; by default as the registry says.

    Returns
    -------
    pandas.DataFrame
        A row per image: `image` (its path in the folder), `decision`, and `margin`, how far the runner-up's score is
        above the best one.

    Raises
    ------
    InputError
        The model, the folder, an image or a setting is not what it must be. The message names it.

    Examples
    --------
    >>> table = classify("miniature-diffusion", "photos", "photos.zarr", ["cat", "dog"], draws=4)  # doctest: +SKIP
    """
    out = Path(out)
    if out.suffix != ".zarr":
        raise InputError(f"{out}: expected a store's name, which ends in .zarr")
    image_names(images)  # so that a wrong folder is an error before large weights are loaded
    row, path = find_observer(observer)
    row = row.model_copy(update={"dtype": dtype}) if dtype else row
    prompts = prompts_of(categories, prompt)
    model = models.load(observer, row, prompts, path=path, device=device, batch_size=batch_size, mirror=mirror())
    stimuli = read_folder(images, model.resolution, categories)
    request = compute_evidence(
        model,
        stimuli,
        out,
        observer=observer,
        dataset=str(images),
        count=draws,
        seed=seed,
        times=times,
        reconstruct=reconstruct,
    )
    table = decision_table(read_requested(out, request), weighting, rate)
    return table[["image", "decision", "margin"]]


def find_observer(name: str) -> tuple[ModelObserver, Path | None]:
    """Find an observer by the folder of a pipeline, a name in the registry, or a hub id.

    Parameters
    ----------
    name : str

    Returns
    -------
    row : study.observers.ModelObserver
    path : Path or None
        Where its weights are, if they are on this machine.

    Raises
    ------
    InputError
        The name is none of the three.
    """
    if Path(name).is_dir():
        return _unregistered(name), Path(name)
    root = registry_root()
    rows = load_observers(root)
    if name in rows:
        row = rows[name]
        if not isinstance(row, ModelObserver):
            raise InputError(f"observer {name}: it is no model that can be run; its decisions are read from files")
        return row, _local_weights(name, row, root)
    if "/" in name:
        return _unregistered(name), None
    known = [name for name, row in rows.items() if row.needs_evidence and row.enabled]
    raise InputError(f"observer {unknown(name, known)}; or the folder of a pipeline, or a hub id")


def _unregistered(pipeline: str) -> DiffusionObserver:
    return DiffusionObserver(label=pipeline, family="diffusion", pipeline=pipeline)


def _local_weights(name: str, row: ModelObserver, root: Path) -> Path | None:
    """Where the project has the weights of an observer, or where a study has trained them; None if nowhere."""
    pipeline = getattr(row, "pipeline", None)
    if pipeline is not None:
        return root / pipeline if (root / pipeline).is_dir() else None
    trained = sorted(root.glob(f"data/*/weights/{name}/model.safetensors"))
    return trained[0] if trained else None
