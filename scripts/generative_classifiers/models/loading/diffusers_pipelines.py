"""Pipelines of diffusers, from a folder or the Hugging Face hub."""

from pathlib import Path

import torch
from diffusers import AmusedPipeline, AmusedScheduler

from generative_classifiers.io.errors import InputError
from generative_classifiers.models.diffusion.adapters import ADAPTERS
from generative_classifiers.models.diffusion.schedules import schedule
from generative_classifiers.models.loading.complete_weights import load_pretrained
from generative_classifiers.models.loading.json_files import read_json
from generative_classifiers.models.loading.model_folders import (
    CONFIGURATION,
    MODEL_CONFIG,
    PIPELINE_INDEX,
    configuration_files,
    find_pipeline,
    identity_of,
    loading,
)
from generative_classifiers.models.loading.pipeline_index import check_folders, part_classes, pipeline_name
from generative_classifiers.models.loading.safetensors_files import check_files, choose_variant

# Files of a diffusion pipeline that are not weights; the last are vocabularies.
DIFFUSION_CONFIGURATION = ("*.json", "*.txt", "*.model")


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
        There is no pipeline, its class or a part's class is not supported, its schedule cannot be used, its safetensors
        are not exactly the weights of its networks, or they are not those that the registry expects.
    """
    source = path or row.pipeline
    folder, commit = find_pipeline(observer, source, row.revision)
    adapter = adapter_class(observer, folder)
    pipeline_class, without = adapter.pipeline_class, dict.fromkeys(adapter.unused) | dict.fromkeys(adapter.off, False)
    classes = part_classes(observer, folder, pipeline_class, adapter.unused)
    if commit:
        folder = _download(observer, pipeline_class, source, commit, row.variant, without)
    check_folders(observer, folder, classes)
    parts = _load_small_parts(observer, folder, classes)
    schedule(observer, parts["scheduler"])  # so that one that cannot be used is reported before weights are read
    dtypes = dict.fromkeys(adapter.large, dtype)
    networks, identity = _load_networks(observer, source, folder, classes, row, commit, DIFFUSION_CONFIGURATION, dtypes)
    with loading(observer, source, f"a {pipeline_class.__name__}"):
        pipeline = pipeline_class.from_pretrained(folder, local_files_only=True, **parts, **networks, **without)
        return adapter(observer, pipeline, row.resolution), identity


def load_vae(observer, row, path=None):
    """Load the VAE of a diffusion observer's pipeline, and download nothing else of it.

    Parameters
    ----------
    observer : str
        For messages.
    row : study.observers.PipelineObserver
    path : Path, optional
        Folder to use instead of the row's `pipeline`.

    Returns
    -------
    adapter : type
        The adapter's class, a subclass of models.diffusion.adapters.Adapter.
    vae : torch.nn.Module
        Of the class that the pipeline's index names, in float32 on the CPU.

    Raises
    ------
    InputError
        There is no pipeline, or it has no VAE, or none of a class that the pipeline can use.
    """
    source = path or row.pipeline
    folder, commit = find_pipeline(observer, source, row.revision)
    adapter = adapter_class(observer, folder)
    return adapter, _load_part(observer, source, folder, row, commit, "vae", adapter.pipeline_class, adapter.unused)


def adapter_class(observer, folder):
    """The adapter of the pipeline in a folder; InputError if its class is not supported."""
    name = pipeline_name(observer, folder)
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
        transformer, vqvae, text_encoder, tokenizer and scheduler, in float32 on the CPU.
    identity : dict
        As `model_folders.identity_of` returns it.

    Raises
    ------
    InputError
        As for `load_pipeline`.
    """
    source = path or row.pipeline
    folder, commit = find_pipeline(observer, source, row.revision)
    _check_amused(observer, folder)
    # Part by part and not as a pipeline: diffusers calls AmusedPipeline deprecated, but not its parts.
    classes = part_classes(observer, folder, AmusedPipeline)
    if classes["scheduler"] is not AmusedScheduler:
        raise InputError(f"{observer}: {folder} has a {classes['scheduler'].__name__}, expected an AmusedScheduler")
    if commit:
        folder = _download(observer, AmusedPipeline, source, commit, row.variant, {})
    check_folders(observer, folder, classes)
    parts = _load_small_parts(observer, folder, classes)
    networks, identity = _load_networks(observer, source, folder, classes, row, commit, CONFIGURATION, {})
    return parts | networks, identity


def load_vqvae(observer, row, path=None):
    """Load the VQ model of a masked observer's pipeline, and download nothing else of it.

    Parameters
    ----------
    observer, row, path
        As for `load_vae`.

    Returns
    -------
    diffusers.VQModel
        In float32 on the CPU.

    Raises
    ------
    InputError
        There is no such pipeline, or its VQ model is missing or of another class.
    """
    source = path or row.pipeline
    folder, commit = find_pipeline(observer, source, row.revision)
    _check_amused(observer, folder)
    return _load_part(observer, source, folder, row, commit, "vqvae", AmusedPipeline)


def _check_amused(observer, folder):
    """Raise InputError unless the pipeline in a folder is aMUSEd's."""
    name = pipeline_name(observer, folder)
    if name != AmusedPipeline.__name__:
        raise InputError(f"{observer}: {folder} is a {name}, expected AmusedPipeline")


def _load_part(observer, source, folder, row, commit, part, pipeline_class, unused=()):
    """A single part of a pipeline, in float32 on the CPU."""
    classes = part_classes(observer, folder, pipeline_class, unused)
    if part not in classes:
        raise InputError(f"{observer}: {folder / PIPELINE_INDEX}: a {pipeline_class.__name__} has no part {part}")
    if commit:
        others = dict.fromkeys(name for name in (*classes, *unused) if name != part)
        folder = _download(observer, pipeline_class, source, commit, row.variant, others)
    check_folders(observer, folder, [part])
    place = folder / part
    variant = choose_variant(observer, [place], row.variant)[place]
    return load_pretrained(observer, classes[part], place, variant, torch.float32)


def _download(observer, pipeline_class, source, commit, variant, without):
    """Download a pipeline from the hub, or take it from the hub's cache; its folder."""
    with loading(observer, source, f"a {pipeline_class.__name__}"):
        settings = {"revision": commit, "variant": variant, "use_safetensors": True, **without}
        return Path(pipeline_class.download(str(source), **settings))


def _load_small_parts(observer, folder, classes):
    """The parts of a pipeline without weights: tokenizers and the scheduler."""
    parts = {}
    for name, part_class in classes.items():
        if not issubclass(part_class, torch.nn.Module):
            with loading(observer, folder / name, f"a {part_class.__name__}"):
                parts[name] = part_class.from_pretrained(folder / name, local_files_only=True)
    return parts


def _load_networks(observer, source, folder, classes, row, commit, configuration, dtypes):
    """The parts of a pipeline with weights, in float32 where `dtypes` names nothing else, and the identity."""
    networks = {name: part_class for name, part_class in classes.items() if issubclass(part_class, torch.nn.Module)}
    variants = choose_variant(observer, [folder / name for name in networks], row.variant)
    for place, variant in variants.items():
        read_json(observer, place / MODEL_CONFIG)
        check_files(observer, place, variant)
    used = (configuration_files(folder / name, variants.get(folder / name), configuration) for name in classes)
    identity = identity_of(observer, source, folder, row, commit, variants, {folder / PIPELINE_INDEX}.union(*used))
    parts = {}
    for name, part_class in networks.items():
        place = folder / name
        parts[name] = load_pretrained(observer, part_class, place, variants[place], dtypes.get(name, torch.float32))
    return parts, identity
