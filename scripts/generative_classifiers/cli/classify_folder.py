"""Classification of any folder of images by any categories, without a study."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import TypeAdapter

from generative_classifiers import models
from generative_classifiers.cli.arguments import check_output
from generative_classifiers.decisions.from_evidence import decision_table, posterior, score_categories
from generative_classifiers.draws.level_table import LevelTable
from generative_classifiers.draws.levels import DRAWS
from generative_classifiers.draws.weighting import RATE
from generative_classifiers.evidence.job import SHARD
from generative_classifiers.evidence.pruning import most_draws, pruning_of
from generative_classifiers.evidence.single_store import compute_evidence, read_requested
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.paths import registry_root
from generative_classifiers.models.loading.model_folders import family_of
from generative_classifiers.stimuli.folders import read_folder
from generative_classifiers.stimuli.image_names import image_names
from generative_classifiers.stimuli.sources import mirror
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.levels import load_levels
from generative_classifiers.study.load import load_observers
from generative_classifiers.study.observer import ModelObserver
from generative_classifiers.study.observers import AnyObserver, ClassifierObserver, ContrastiveObserver
from generative_classifiers.study.prompts import PROMPT, prompts_of, several_prompts_of
from generative_classifiers.study.settings import Pruning
from generative_classifiers.study.validation import unknown

# An interrupted run keeps whole shards. A generative model takes long for an image, so its shards are small.
IMAGES_KEPT = 4


def classify(
    observer: str,
    images: str | Path,
    out: str | Path,
    categories: Sequence[str] = CATEGORIES,
    *,
    prompt: str | Sequence[str] = PROMPT,
    limit: int | None = None,
    revision: str | None = None,
    variant: str | None = None,
    draws: int | Pruning = DRAWS,
    seed: int = 0,
    times: Literal["golden", "uniform", "weighted"] = "golden",
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
        The evidence store to write, `<name>.zarr`. If a run with the same settings was interrupted, it continues. A
        category with several prompts comes several times in the store, once for each prompt.
    categories : sequence of str, optional
        By default the 16 categories of the benchmark.
    prompt : str or sequence of str, optional
        The prompt of every category, with {category} where its name belongs. If there are several, each is evaluated,
        and the score of a category is the mean over its prompts.
    limit : int, optional
        Images of each folder: the first by name. By default all.
    revision : str, optional
        The commit of a repository on the Hugging Face hub; by default as the registry says.
    variant : str, optional
        Of the files of the weights, for example "fp16"; by default as the registry says.
    draws : int or study.settings.Pruning, optional
        Number of draws: noise levels, each with one noise sample. Or when categories that cannot win get no more draws.
    seed : int, optional
        Of the noise.
    times : {"golden", "uniform", "weighted"}, optional
        How noise levels are chosen: `draws.levels.times`; or as `registry/levels.yaml` says where they tell categories
        apart.
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
        A row per image: `image` (its path in the folder), `decision`, `margin`, how far the runner-up's score is above
        the best one, and `posterior`, the probability of the decision if all categories are equally likely beforehand
        (`decisions.from_evidence.posterior`). Models with a perceptual distance have no `posterior`.

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
    check_output(out, "store")
    if isinstance(draws, Pruning) and (rate != RATE or not isinstance(prompt, str)):
        raise InputError("--test: expected one prompt for a category and the usual --rate, which the tests go by")
    levels = _levels(observer, draws, times)
    image_names(images)  # so that a wrong folder is an error before large weights are loaded
    row, path = find_observer(observer)
    if revision and path:
        raise InputError(f"observer {observer}: --revision is for weights on the Hugging Face hub; these are in {path}")
    row = with_settings(observer, row, dtype=dtype, revision=revision, variant=variant)
    prompts, category_of_prompt = _prompts(observer, row, categories, [prompt] if isinstance(prompt, str) else prompt)
    model = models.load(observer, row, prompts, path=path, device=device, batch_size=batch_size, mirror=mirror())
    request = compute_evidence(
        model,
        read_folder(images, model.resolution, categories, limit),
        out,
        observer=observer,
        dataset=str(images),
        count=most_draws(draws),
        seed=seed,
        times=model.density(levels) if levels and times == "weighted" else times,
        pruning=pruning_of(draws, weighting, levels),
        reconstruct=reconstruct,
        categories=category_of_prompt,
        shard=IMAGES_KEPT if row.kind.group == "generative" else SHARD,
    )
    evidence = read_requested(out, request)
    table = decision_table(evidence, weighting, rate)[["image", "decision", "margin"]]
    terms = model.terms()
    if terms is None:
        print(f"note: no posterior: the distance of {observer} belongs to no likelihood", file=sys.stderr)
        return table
    return table.assign(posterior=posterior(score_categories(evidence, weighting, rate), terms).max(axis=1))


def _levels(observer: str, draws: int | Pruning, times: str) -> LevelTable | None:
    """What is known of an observer's noise levels; None if neither the draws nor the test need to know."""
    if times != "weighted" and not (isinstance(draws, Pruning) and draws.test == "moderated"):
        return None
    row = load_levels().get(observer)
    if row is None:
        raise InputError(
            f"registry/levels.yaml: {observer}: expected a row, since --times weighted and --test moderated need to "
            "know a diffusion model's noise levels; `generative-classifiers levels` measures it"
        )
    return LevelTable(**row.table())


def with_settings(observer: str, row: ModelObserver, **settings: str | None) -> ModelObserver:
    """A row of the registry with other settings; InputError if it has no such setting."""
    given = {name: value for name, value in settings.items() if value is not None}
    for name in given:
        if name not in type(row).model_fields:
            raise InputError(f"observer {observer}: --{name} is for weights on the Hugging Face hub, which it has not")
    return row.model_copy(update=given)


def _prompts(
    observer: str, row: ModelObserver, categories: Sequence[str], templates: Sequence[str]
) -> tuple[dict[str, str], list[str] | None]:
    """The prompts of a model, and the category of each if a category has several."""
    if len(categories) < 2:
        raise InputError(f"categories: expected at least 2 to choose from, found {', '.join(map(repr, categories))}")
    if len(templates) == 1:
        return prompts_of(categories, templates[0]), None
    if isinstance(row, ClassifierObserver) and (row.classes or not isinstance(row, ContrastiveObserver)):
        raise InputError(f"observer {observer}: reads no prompts; expected at most one --prompt")
    found = several_prompts_of(categories, templates)
    return {prompt: prompt for prompt in found}, list(found.values())


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
        return _unregistered(name, family_of(name, Path(name))), Path(name)
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


def _unregistered(model: str, family: str = "diffusion") -> ModelObserver:
    """The row of a model that is in no registry."""
    source = {"source": "transformers"} if family == "contrastive" else {}
    row = {"label": model, "family": family, "pipeline": model, **source}
    rows: Any = AnyObserver
    return TypeAdapter(rows).validate_python(row)


def _local_weights(name: str, row: ModelObserver, root: Path) -> Path | None:
    """Where the project has the weights of an observer, or where a study has trained them; None if nowhere."""
    pipeline = getattr(row, "pipeline", None)
    if pipeline is not None:
        return root / pipeline if (root / pipeline).is_dir() else None
    trained = sorted(root.glob(f"data/*/weights/{name}/model.safetensors"))
    return trained[0] if trained else None
