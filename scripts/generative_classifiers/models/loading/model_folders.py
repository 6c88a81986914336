"""Models in folders: the user's own, or those of the Hugging Face hub's cache. Only safetensors, no code of others."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import hf_hub_download, snapshot_download
from safetensors import SafetensorError

from generative_classifiers.io.errors import InputError
from generative_classifiers.models.loading.hub import advice
from generative_classifiers.models.loading.weight_hashes import check_hash, folder_hash

PIPELINE_INDEX = "model_index.json"  # of diffusers
MODEL_CONFIG = "config.json"  # of transformers
# Files of a model of transformers that are not weights.
CONFIGURATION = ("*.json", "*.txt", "*.jinja")


def find_pipeline(observer: str, source: str | Path, revision: str | None) -> tuple[Path, str | None]:
    """Find a pipeline of diffusers. From the hub only its index is downloaded.

    Parameters
    ----------
    observer : str
        For messages.
    source : str or Path
        Folder or hub id.
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
    weights = f"*.{variant}.safetensors" if variant else "*.safetensors"

    def download() -> Path:
        return Path(snapshot_download(str(source), revision=revision, allow_patterns=[*CONFIGURATION, weights]))

    return _find(observer, source, MODEL_CONFIG, "model", download)


def _find(
    observer: str, source: str | Path, index: str, kind: str, download: Callable[[], Path]
) -> tuple[Path, str | None]:
    """The folder that has an index, and its commit; `download` returns that of a hub id."""
    folder = Path(source)
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


def read_key(observer: str, file: Path, key: str) -> str:
    """The kind of model that a JSON file describes: the value of a key. InputError if there is none."""
    try:
        return json.loads(file.read_text())[key]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{observer}: {file} does not say what it describes by {key!r} ({error!r})") from error


def check_kind(observer: str, file: Path, key: str, *expected: str) -> None:
    """Raise InputError unless a JSON file describes one of the expected kinds of model, by the value of a key."""
    found = read_key(observer, file, key)
    if found not in expected:
        raise InputError(f"{observer}: {file.parent} is a {found}, expected {' or '.join(expected)}")


def identity_of(observer, source, folder, row, commit, configuration=CONFIGURATION):
    """Check the weights in a folder, and return the identity of the model.

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
    configuration : tuple of str
        Patterns of the files that are not weights.

    Returns
    -------
    dict
        weights and configuration (SHA-256), revision (the commit), variant.

    Raises
    ------
    InputError
        There are no safetensors, or they are not those that the registry expects.
    """
    weights = folder_hash(folder)
    check_hash(observer, source, weights, row.sha256)
    return {
        "weights": weights,
        "configuration": folder_hash(folder, configuration),
        "revision": commit,
        "variant": row.variant,
    }


@contextmanager
def loading(observer: str, source: str | Path, kind: str) -> Iterator[None]:
    """Turn whatever the libraries raise for broken files into one clear error."""
    try:
        yield
    except InputError:
        raise
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RuntimeError,
        ImportError,
        SafetensorError,
    ) as error:
        raise InputError(f"{observer}: {source} cannot be loaded as {kind} ({error})") from error
