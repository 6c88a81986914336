"""Models in folders: the user's own, or those of the Hugging Face hub's cache. Only safetensors, no code of others."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import hf_hub_download, snapshot_download

from generative_classifiers.io.errors import InputError, one_line
from generative_classifiers.io.paths import ROOT
from generative_classifiers.models.loading.hub import advice
from generative_classifiers.models.loading.json_files import read_json
from generative_classifiers.models.loading.safetensors_files import weight_files
from generative_classifiers.models.loading.weight_hashes import check_hash, files_hash

PIPELINE_INDEX = "model_index.json"  # of diffusers
MODEL_CONFIG = "config.json"  # of transformers
MODEL_TYPES = {"autoregressive": "janus", "contrastive": "clip"}  # of transformers, by family
# Files of a model of transformers that are not weights.
CONFIGURATION = ("*.json", "*.txt", "*.jinja")


def find_pipeline(observer: str, source: str | Path, revision: str | None) -> tuple[Path, str | None]:
    """Find a pipeline of diffusers. From the hub only its index is downloaded.

    Parameters
    ----------
    observer : str
        For messages.
    source : str or Path
        A string is what a row says: a folder relative to the project's root, or a hub id.
    revision : str or None
        Branch, tag or commit of a hub id.

    Returns
    -------
    folder : Path
    commit : str or None
        None for a folder that is not from the hub.

    Raises
    ------
    InputError
        There is no pipeline, or the hub cannot be reached.
    """

    def download() -> Path:
        return Path(hf_hub_download(str(source), PIPELINE_INDEX, revision=revision)).parent

    return _find(observer, source, PIPELINE_INDEX, "pipeline", download)


def find_model(observer: str, source: str | Path, revision: str | None, variant: str | None) -> tuple[Path, str | None]:
    """Find a model of transformers, and download it if it is on the hub.

    Parameters
    ----------
    observer, source, revision
        As for `find_pipeline`.
    variant : str or None
        Of the files of weights, for example "fp16".

    Returns
    -------
    folder, commit
        As for `find_pipeline`.

    Raises
    ------
    InputError
        There is no model, or the hub cannot be reached.
    """
    # Shards of a variant have their numbers after its name, those of older versions before it.
    weights = [f"*.{variant}.safetensors", f"*.{variant}-*.safetensors"] if variant else ["*.safetensors"]

    def download() -> Path:
        return Path(snapshot_download(str(source), revision=revision, allow_patterns=[*CONFIGURATION, *weights]))

    return _find(observer, source, MODEL_CONFIG, "model", download)


def _find(
    observer: str, source: str | Path, index: str, kind: str, download: Callable[[], Path]
) -> tuple[Path, str | None]:
    """The folder that has an index, and its commit; `download` returns that of a hub id."""
    folder = ROOT / source if isinstance(source, str) else source
    if (folder / index).is_file():
        return folder, None
    missing = f"{observer}: {source} is neither a folder with {index} nor a {kind} on the hub"
    if folder.exists() or not re.fullmatch(r"[\w.-]+/[\w.-]+", str(source)):
        raise InputError(missing)
    try:
        folder = download()
    except (OSError, ValueError) as error:  # what the hub's errors derive from
        raise InputError(f"{missing}: {advice(error, str(source), index)}") from error
    return folder, folder.name


def check_kind(observer: str, folder: Path, *expected: str) -> None:
    """Raise InputError unless the configuration in a folder is that of certain types of models of transformers."""
    found = read_json(observer, folder / MODEL_CONFIG).get("model_type")
    if found not in expected:
        raise InputError(f"{observer}: {folder} is a {found}, expected {' or '.join(expected)}")


def family_of(observer: str, folder: Path) -> str:
    """The family of the model in a folder, by its files.

    Parameters
    ----------
    observer : str
        For messages.
    folder : Path

    Returns
    -------
    {"diffusion", "masked", "autoregressive", "contrastive"}

    Raises
    ------
    InputError
        The folder has no model of these families.
    """
    if (folder / PIPELINE_INDEX).is_file():
        name = read_json(observer, folder / PIPELINE_INDEX).get("_class_name")
        return "masked" if name == "AmusedPipeline" else "diffusion"
    if not (folder / MODEL_CONFIG).is_file():
        raise InputError(f"{observer}: {folder} has neither {PIPELINE_INDEX} nor {MODEL_CONFIG}")
    kind = read_json(observer, folder / MODEL_CONFIG).get("model_type")
    if kind not in MODEL_TYPES.values():
        known = " or ".join(MODEL_TYPES.values())
        raise InputError(f"{observer}: {folder} is a {kind}, expected a pipeline of diffusers, {known}")
    return next(family for family, model_type in MODEL_TYPES.items() if model_type == kind)


def identity_of(observer, source, folder, row, commit, variants, configuration):
    """Check the weights of a model, and return its identity.

    Only the files that are loaded count. The hub's cache may have others of the same model: parts that are not used, or
    another variant.

    Parameters
    ----------
    observer : str
        For messages.
    source : str or Path
        Folder or hub id, for messages.
    folder : Path
    row : study.observers.PipelineObserver or study.observers.TransformersClipObserver
    commit : str or None
        Of a hub id.
    variants : dict of Path to str or None
        The variant of the weights in each folder of weights, as `choose_variant` returns it.
    configuration : iterable of Path
        Files that are not weights, as `configuration_files` returns them.

    Returns
    -------
    dict
        weights and configuration (SHA-256), revision (the commit), variant.

    Raises
    ------
    InputError
        The weights are not those that the registry expects.
    """
    used = [file for place, variant in variants.items() for file in weight_files(place)[variant]]
    weights = files_hash(folder, [file for file in used if file.suffix == ".safetensors"])
    check_hash(observer, source, weights, row.sha256)
    return {
        "weights": weights,
        "configuration": files_hash(folder, configuration),
        "revision": commit,
        "variant": next((variant for variant in variants.values() if variant), None),
    }


def configuration_files(place: Path, variant: str | None = None, patterns: Sequence[str] = CONFIGURATION) -> set[Path]:
    """Files in a folder, and below it, that are not weights.

    Parameters
    ----------
    place : Path
    variant : str or None
        Of the weights. Indexes of other variants are left out.
    patterns : sequence of str
        Of the files' names.
    """
    found = {file for pattern in patterns for file in place.rglob(pattern)}
    return found.difference(*(files for one, files in weight_files(place).items() if one != variant))


@contextmanager
def loading(observer: str, source: str | Path, kind: str) -> Iterator[None]:
    """Turn whatever the libraries raise for broken files into one clear error."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # each library has errors of its own
        raise InputError(f"{observer}: {source} cannot be loaded as {kind} ({one_line(error)})") from error
