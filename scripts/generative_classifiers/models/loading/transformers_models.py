"""Models of transformers, from a folder or the Hugging Face hub."""

import torch
from transformers import (
    AutoModelForImageTextToText,
    AutoProcessor,
    CLIPModel,
    CLIPTokenizer,
    JanusForConditionalGeneration,
    JanusProcessor,
)

from generative_classifiers.models.loading.model_folders import (
    MODEL_CONFIG,
    check_kind,
    find_model,
    identity_of,
    loading,
)

# Those that tests compare with an independent computation. Others may number positions or pad in ways of their own.
VISION_LANGUAGE = ("internvl", "llava", "paligemma", "qwen2_5_vl", "qwen2_vl")


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
        There is no model, it is of another type, it has no safetensors, or its weights are not those that the registry
        expects.
    """
    return _load(observer, row, path, ["janus"], JanusForConditionalGeneration, JanusProcessor)


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
    return _load(observer, row, path, ["clip"], CLIPModel, CLIPTokenizer)


def load_vision_language(observer, row, path=None, dtype=torch.float32):
    """Load a vision-language observer's network and processor.

    Parameters
    ----------
    observer, path
        As for `load_janus`.
    row : study.observers.VisionLanguageObserver
    dtype : torch.dtype
        Precision of the network.

    Returns
    -------
    network : transformers.PreTrainedModel
    processor : transformers.ProcessorMixin
    identity : dict

    Raises
    ------
    InputError
        As for `load_janus`.
    """
    return _load(observer, row, path, VISION_LANGUAGE, AutoModelForImageTextToText, AutoProcessor, dtype)


def _load(observer, row, path, model_types, network_class, processor_class, dtype=torch.float32):
    source = path or row.pipeline
    folder, commit = find_model(observer, source, row.revision, row.variant)
    check_kind(observer, folder / MODEL_CONFIG, "model_type", *model_types)
    settings = {"variant": row.variant, "use_safetensors": True, "dtype": dtype}
    with loading(observer, source, f"a {network_class.__name__}"):
        identity = identity_of(observer, source, folder, row, commit)
        network = network_class.from_pretrained(folder, local_files_only=True, **settings)
        return network, processor_class.from_pretrained(folder, local_files_only=True), identity
