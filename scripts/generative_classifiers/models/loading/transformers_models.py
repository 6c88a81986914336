"""Models of image tokens and CLIP, from a folder, the hub or its cache: safetensors only, no code of others."""

import json
import re
from contextlib import contextmanager
from pathlib import Path

import torch
from diffusers import AmusedPipeline, AmusedScheduler, UVit2DModel, VQModel
from huggingface_hub import snapshot_download
from safetensors import SafetensorError
from transformers import (
    CLIPModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    JanusForConditionalGeneration,
    JanusProcessor,
)

from generative_classifiers.io.errors import InputError
from generative_classifiers.models.loading.hub import INDEX, advice
from generative_classifiers.models.loading.pipelines import locate
from generative_classifiers.models.loading.weight_hashes import check_hash, folder_hash

CONFIGURATION = ("*.json", "*.txt", "*.jinja")
# One by one and not as a pipeline: diffusers calls AmusedPipeline deprecated, its parts are not.
AMUSED_PARTS = {
    "transformer": UVit2DModel,
    "vqvae": VQModel,
    "text_encoder": CLIPTextModelWithProjection,
    "tokenizer": CLIPTokenizer,
    "scheduler": AmusedScheduler,
}
WITHOUT_WEIGHTS = ("tokenizer", "scheduler")


def load_amused(observer, row, path=None):
    """Load a masked observer's parts and say what they are.

    Parameters
    ----------
    observer : str
        For messages.
    row : dict
        `pipeline` (folder or hub id), `revision`, `sha256`, `variant`: all but the first may be missing.
    path : Path, optional
        Folder to use instead of that of the row.

    Returns
    -------
    parts : dict
        By the names of `AMUSED_PARTS`, float32 on the CPU.
    identity : dict
        weights and configuration (SHA-256), revision (commit of a hub id), variant.

    Raises
    ------
    InputError
        Nothing there, another class of pipeline, no safetensors, or other weights than the registry expects.
    """
    source, variant = _source(observer, row, path), row.variant
    folder, commit = locate(observer, source, row.revision)
    _check_class(observer, folder / INDEX, "_class_name", "AmusedPipeline")
    with _telling(observer, source, "an AmusedPipeline"):
        if commit:
            settings = {"revision": commit, "variant": variant, "use_safetensors": True}
            folder = Path(AmusedPipeline.download(str(source), **settings))
        identity = _identity(observer, source, folder, row, commit)
        weights = {"variant": variant, "use_safetensors": True, "dtype": torch.float32}
        parts = {
            name: cls.from_pretrained(
                folder / name, local_files_only=True, **({} if name in WITHOUT_WEIGHTS else weights)
            )
            for name, cls in AMUSED_PARTS.items()
        }
    return parts, identity


def load_janus(observer, row, path=None):
    """Load an autoregressive observer's network and processor and say what they are.

    Parameters
    ----------
    observer, row, path
        As in `load_amused`.

    Returns
    -------
    network : transformers.JanusForConditionalGeneration
        In float32 on the CPU.
    processor : transformers.JanusProcessor
    identity : dict
        As in `load_amused`.

    Raises
    ------
    InputError
        As in `load_amused`.
    """
    return _load(observer, row, path, "janus", JanusForConditionalGeneration, JanusProcessor)


def load_clip(observer, row, path=None):
    """Load a contrastive observer's network and tokenizer and say what they are.

    Parameters
    ----------
    observer, row, path
        As in `load_amused`.

    Returns
    -------
    network : transformers.CLIPModel
        In float32 on the CPU.
    tokenizer : transformers.CLIPTokenizer
    identity : dict
        As in `load_amused`.

    Raises
    ------
    InputError
        As in `load_amused`.
    """
    return _load(observer, row, path, "clip", CLIPModel, CLIPTokenizer)


def locate_checkpoint(observer, source, revision=None, variant=None):
    """Folder of a model of transformers, and its commit if it comes from the hub.

    Parameters
    ----------
    observer : str
        For messages.
    source : str or Path
        Folder or hub id.
    revision : str, optional
        Branch, tag or commit of a hub id.
    variant : str, optional
        Of the weights' files.

    Returns
    -------
    folder : Path
    commit : str or None

    Raises
    ------
    InputError
        Nothing there, or out of reach.
    """
    folder = Path(source)
    if (folder / "config.json").is_file():
        return folder, None
    missing = f"{observer}: {source} is neither a folder with config.json nor a model on the hub"
    if folder.exists() or not re.fullmatch(r"[\w.-]+/[\w.-]+", str(source)):
        raise InputError(missing)
    weights = f"*.{variant}.safetensors" if variant else "*.safetensors"
    try:
        folder = Path(snapshot_download(str(source), revision=revision, allow_patterns=[*CONFIGURATION, weights]))
    except (OSError, ValueError) as error:  # what the hub's errors derive from
        raise InputError(f"{missing} within reach: {advice(error, source)}") from error
    return folder, folder.name


def _load(observer, row, path, kind, network, processor):
    """Network, processor and identity of a model of transformers, by its model_type and classes."""
    source, variant = _source(observer, row, path), row.variant
    folder, commit = locate_checkpoint(observer, source, row.revision, variant)
    _check_class(observer, folder / "config.json", "model_type", kind)
    with _telling(observer, source, f"a {network.__name__}"):
        identity = _identity(observer, source, folder, row, commit)
        weights = {"variant": variant, "use_safetensors": True, "dtype": torch.float32}
        loaded = network.from_pretrained(folder, local_files_only=True, **weights)
        return loaded, processor.from_pretrained(folder, local_files_only=True), identity


def _source(observer, row, path):
    source = path or row.pipeline
    if not source:
        raise InputError(f"{observer}: neither a folder nor a hub id is given as its pipeline")
    return source


def _check_class(observer, file, key, expected):
    """Raise InputError unless a JSON file says that it describes the expected class."""
    try:
        found = json.loads(file.read_text())[key]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{observer}: {file} does not say what it describes by {key!r} ({error!r})") from error
    if found != expected:
        raise InputError(f"{observer}: {file.parent} is a {found}, expected {expected}")


def _identity(observer, source, folder, row, commit):
    weights = folder_hash(folder)
    check_hash(observer, source, weights, row.sha256)
    return {
        "weights": weights,
        "configuration": folder_hash(folder, CONFIGURATION),
        "revision": commit,
        "variant": row.variant,
    }


@contextmanager
def _telling(observer, source, kind):
    """Turn what the libraries raise for broken files into one clear error."""
    try:
        yield
    except InputError:
        raise
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RuntimeError, SafetensorError) as error:
        raise InputError(f"{observer}: {source} cannot be loaded as {kind} ({error})") from error
