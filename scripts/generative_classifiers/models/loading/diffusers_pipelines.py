"""Pipelines of diffusers, from a folder or the Hugging Face hub."""

from pathlib import Path

import torch
from diffusers import AmusedPipeline, AmusedScheduler, UVit2DModel, VQModel
from huggingface_hub import snapshot_download
from transformers import CLIPTextModelWithProjection, CLIPTokenizer

from generative_classifiers.io.errors import InputError
from generative_classifiers.models.diffusion.adapters import ADAPTERS
from generative_classifiers.models.loading.model_folders import (
    CONFIGURATION,
    PIPELINE_INDEX,
    check_kind,
    find_pipeline,
    identity_of,
    loading,
    read_key,
)

# Files of a diffusion pipeline that are not weights; the last are vocabularies.
DIFFUSION_CONFIGURATION = ("*.json", "*.txt", "*.model")
# One by one and not as a pipeline: diffusers calls AmusedPipeline deprecated, but not its parts.
AMUSED_PARTS = {
    "transformer": UVit2DModel,
    "vqvae": VQModel,
    "text_encoder": CLIPTextModelWithProjection,
    "tokenizer": CLIPTokenizer,
    "scheduler": AmusedScheduler,
}
WITHOUT_WEIGHTS = ("tokenizer", "scheduler")


def load_pipeline(observer, row, path=None, dtype=torch.float32):
    """Load a diffusion observer's pipeline.

    Parameters
    ----------
    observer : str
        For messages.
    row : study.observers.DiffusionObserver
    path : Path, optional
        Folder to use instead of the row's `pipeline`.
    dtype : torch.dtype
        Precision of the network.

    Returns
    -------
    adapter : models.diffusion.adapters.Adapter
        With the pipeline on the CPU: its largest parts in the network's precision, the others in float32.
    identity : dict
        As `model_folders.identity_of` returns it.

    Raises
    ------
    InputError
        There is no pipeline, its class is not supported, it has no safetensors, or its weights are not those that the
        registry expects.
    """
    source = path or row.pipeline
    folder, commit = find_pipeline(observer, source, row.revision)
    adapter = adapter_class(observer, folder)
    pipeline_class = adapter.pipeline_class
    dtypes = {"default": torch.float32} | dict.fromkeys(adapter.large, dtype)
    settings = {"variant": row.variant, "use_safetensors": True}
    settings |= dict.fromkeys(adapter.unused) | dict.fromkeys(adapter.off, False)
    with loading(observer, source, f"a {pipeline_class.__name__}"):
        if commit:
            folder = Path(pipeline_class.download(str(source), revision=commit, **settings))
        identity = identity_of(observer, source, folder, row, commit, DIFFUSION_CONFIGURATION)
        pipeline = pipeline_class.from_pretrained(folder, dtype=dtypes, local_files_only=True, **settings)
    return adapter(observer, pipeline, row.resolution), identity


def load_part(observer, row, part, part_class, path=None):
    """Load a single part of a pipeline, and download nothing else of it.

    Parameters
    ----------
    observer : str
        For messages.
    row : study.observers.PipelineObserver
    part : str
        Its name in the pipeline, for example "vae".
    part_class : type
        Of diffusers.
    path : Path, optional
        Folder to use instead of the row's `pipeline`.

    Returns
    -------
    torch.nn.Module
        In float32 on the CPU.

    Raises
    ------
    InputError
        There is no pipeline, or it has no such part.
    """
    source = path or row.pipeline
    folder, commit = find_pipeline(observer, source, row.revision)
    with loading(observer, source, f"a pipeline with a part {part}"):
        if commit:
            files = [f"{part}/*.json", f"{part}/*.safetensors"]
            folder = Path(snapshot_download(str(source), revision=commit, allow_patterns=files))
        settings = {"variant": row.variant, "use_safetensors": True, "dtype": torch.float32}
        return part_class.from_pretrained(folder / part, local_files_only=True, **settings)


def adapter_class(observer, folder):
    """The adapter of the pipeline in a folder; InputError if its class is not supported."""
    name = read_key(observer, folder / PIPELINE_INDEX, "_class_name")
    if name not in ADAPTERS:
        raise InputError(f"{observer}: {folder} is a {name}, expected one of {', '.join(ADAPTERS)}")
    return ADAPTERS[name]


def load_amused(observer, row, path=None):
    """Load the parts of a masked observer's pipeline.

    Parameters
    ----------
    observer : str
        For messages.
    row : study.observers.MaskedObserver
    path : Path, optional
        Folder to use instead of the row's `pipeline`.

    Returns
    -------
    parts : dict
        By the names of `AMUSED_PARTS`, in float32 on the CPU.
    identity : dict
        As `model_folders.identity_of` returns it.

    Raises
    ------
    InputError
        As for `load_pipeline`.
    """
    source = path or row.pipeline
    folder, commit = find_pipeline(observer, source, row.revision)
    check_kind(observer, folder / PIPELINE_INDEX, "_class_name", "AmusedPipeline")
    settings = {"variant": row.variant, "use_safetensors": True}
    with loading(observer, source, "an AmusedPipeline"):
        if commit:
            folder = Path(AmusedPipeline.download(str(source), revision=commit, **settings))
        identity = identity_of(observer, source, folder, row, commit, CONFIGURATION)
        settings |= {"dtype": torch.float32}
        parts = {}
        for name, part_class in AMUSED_PARTS.items():
            with_weights = {} if name in WITHOUT_WEIGHTS else settings
            parts[name] = part_class.from_pretrained(folder / name, local_files_only=True, **with_weights)
    return parts, identity
