"""Pipelines of diffusers from a folder or the Hugging Face hub: safetensors only, no code of others."""

import json
import re
from pathlib import Path

import torch
from huggingface_hub import hf_hub_download
from safetensors import SafetensorError

from generative_classifiers.io.errors import InputError
from generative_classifiers.models.diffusion.adapters import ADAPTERS
from generative_classifiers.models.loading.hub import INDEX, advice
from generative_classifiers.models.loading.weight_hashes import check_hash, folder_hash

CONFIGURATION = ("*.json", "*.txt", "*.model")  # the last are vocabularies


def locate(observer, source, revision):
    """Folder of a pipeline, and its commit if it comes from the hub.

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
        Of a hub id only the index is there yet.
    commit : str or None
    """
    folder = Path(source)
    if (folder / INDEX).is_file():
        return folder, None
    missing = f"{observer}: {source} is neither a folder with {INDEX} nor a pipeline on the hub"
    if folder.exists() or not re.fullmatch(r"[\w.-]+/[\w.-]+", str(source)):
        raise InputError(missing)
    try:
        folder = Path(hf_hub_download(str(source), INDEX, revision=revision)).parent
    except (OSError, ValueError) as error:  # what the hub's errors derive from
        raise InputError(f"{missing} within reach: {advice(error, source)}") from error
    return folder, folder.name


def adapter_class(observer, folder):
    """The adapter for a pipeline's folder."""
    try:
        name = json.loads((folder / INDEX).read_text())["_class_name"]
    except (ValueError, KeyError) as error:
        raise InputError(f"{observer}: {folder / INDEX} is not an index of a pipeline ({error!r})") from error
    if name not in ADAPTERS:
        raise InputError(f"{observer}: {folder} is a {name}, expected one of {', '.join(ADAPTERS)}")
    return ADAPTERS[name]


def load_pipeline(observer, row, path=None, dtype=torch.float32):
    """Load a diffusion observer's pipeline and say what it is.

    Parameters
    ----------
    observer : str
        For messages.
    row : dict
        `pipeline` (folder or hub id), `revision`, `sha256`, `variant`, `resolution`: all but the first may be
        missing.
    path : Path, optional
        Folder to use instead of that of the row.
    dtype : torch.dtype
        Precision of the network.

    Returns
    -------
    adapter : models.adapters.Adapter
        With the pipeline on the CPU: its largest parts in the network's precision, the others in float32.
    identity : dict
        weights and configuration (SHA-256), revision (commit of a hub id), variant.

    Raises
    ------
    InputError
        Nothing there, another class of pipeline, no safetensors, or other weights than the registry expects.
    """
    source, variant = path or row.pipeline, row.variant
    if not source:
        raise InputError(f"{observer}: neither a folder nor a hub id is given as its pipeline")
    folder, commit = locate(observer, source, row.revision)
    adapter = adapter_class(observer, folder)
    cls, dtypes = adapter.pipeline_class, {"default": torch.float32} | dict.fromkeys(adapter.large, dtype)
    settings = {"variant": variant, "use_safetensors": True}
    settings |= dict.fromkeys(adapter.unused) | dict.fromkeys(adapter.off, False)
    try:
        if commit:
            folder = Path(cls.download(str(source), revision=commit, **settings))
        weights = folder_hash(folder)
        check_hash(observer, source, weights, row.sha256)
        pipeline = cls.from_pretrained(folder, dtype=dtypes, local_files_only=True, **settings)
    except InputError:
        raise
    except (OSError, ValueError, TypeError, RuntimeError, ImportError, SafetensorError) as error:
        raise InputError(f"{observer}: {source} cannot be loaded as a {cls.__name__} ({error})") from error
    identity = {
        "weights": weights,
        "configuration": folder_hash(folder, CONFIGURATION),
        "revision": commit,
        "variant": variant,
    }
    return adapter(observer, pipeline, row.resolution), identity
