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

from generative_classifiers.models.loading.complete_weights import load_pretrained
from generative_classifiers.models.loading.model_folders import (
    MODEL_TYPES,
    check_kind,
    configuration_files,
    find_model,
    identity_of,
    loading,
)
from generative_classifiers.models.loading.safetensors_files import check_files, choose_variant

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
        There is no model, it is of another type, its safetensors are not exactly the weights of the network, or
        they are not those that the registry expects.
    """
    return _load(observer, row, path, [MODEL_TYPES["autoregressive"]], JanusForConditionalGeneration, JanusProcessor)


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
    return _load(observer, row, path, [MODEL_TYPES["contrastive"]], CLIPModel, CLIPTokenizer)


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
    check_kind(observer, folder, *model_types)
    variants = choose_variant(observer, [folder], row.variant)
    variant = variants[folder]
    check_files(observer, folder, variant)
    with loading(observer, source, f"a {processor_class.__name__}"):
        processor = processor_class.from_pretrained(folder, local_files_only=True)
    identity = identity_of(observer, source, folder, row, commit, variants, configuration_files(folder, variant))
    network = load_pretrained(observer, network_class, folder, variant, dtype)
    return network, processor, identity
