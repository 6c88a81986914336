"""Models of transformers, from a folder or the Hugging Face hub."""

import torch
from transformers import CLIPModel, CLIPTokenizer, JanusForConditionalGeneration, JanusProcessor

from generative_classifiers.models.loading.complete_weights import load_pretrained
from generative_classifiers.models.loading.model_folders import (
    MODEL_TYPES,
    check_kind,
    find_model,
    identity_of,
    loading,
)
from generative_classifiers.models.loading.safetensors_files import check_files, choose_variant


def load_janus(observer, row, path=None):
    """Load an autoregressive observer's network and processor.

    Parameters
    ----------
    observer : str
        For messages.
    row : study.observers.AutoregressiveObserver
    path : Path, optional
        Folder to use instead of the row's `pipeline`.

    Returns
    -------
    network : transformers.JanusForConditionalGeneration
        In float32 on the CPU.
    processor : transformers.JanusProcessor
    identity : dict
        As `model_folders.identity_of` returns it.

    Raises
    ------
    InputError
        There is no model, it is of another type, its safetensors are not exactly the weights of the network, or
        they are not those that the registry expects.
    """
    return _load(observer, row, path, JanusForConditionalGeneration, JanusProcessor)


def load_clip(observer, row, path=None):
    """Load a contrastive observer's network and tokenizer.

    Parameters
    ----------
    observer, path
        As for `load_janus`.
    row : study.observers.TransformersClipObserver

    Returns
    -------
    network : transformers.CLIPModel
    tokenizer : transformers.CLIPTokenizer
    identity : dict

    Raises
    ------
    InputError
        As for `load_janus`.
    """
    return _load(observer, row, path, CLIPModel, CLIPTokenizer)


def _load(observer, row, path, network_class, processor_class):
    source = path or row.pipeline
    folder, commit = find_model(observer, source, row.revision, row.variant)
    check_kind(observer, folder, MODEL_TYPES[row.family])
    variant = choose_variant(observer, [folder], row.variant)[folder]
    check_files(observer, folder, variant)
    with loading(observer, source, f"a {processor_class.__name__}"):
        processor = processor_class.from_pretrained(folder, local_files_only=True)
    identity = identity_of(observer, source, folder, row, commit, variant)
    network = load_pretrained(observer, network_class, folder, variant, torch.float32)
    return network, processor, identity
