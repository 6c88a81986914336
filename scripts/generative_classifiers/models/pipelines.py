"""Pipelines of diffusers from a folder or the Hugging Face hub: safetensors only, no code of others."""

import json
import re
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from huggingface_hub import hf_hub_download
from safetensors import SafetensorError

from generative_classifiers.errors import InputError
from generative_classifiers.models.codecs import LatentCodec, PixelCodec
from generative_classifiers.models.pixel_pipeline import PixelDiffusionPipeline
from generative_classifiers.models.weights import check_hash, folder_hash

INDEX = "model_index.json"
# By `_class_name` in the index: the class, its image codec, and the parts of it that have no say in losses.
PIPELINES = {
    "StableDiffusionPipeline": (
        StableDiffusionPipeline,
        LatentCodec,
        {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False},
    ),
    "PixelDiffusionPipeline": (PixelDiffusionPipeline, PixelCodec, {}),
}


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
        raise InputError(f"{missing} within reach ({error})".replace("\n", " ")) from error
    return folder, folder.name


def pipeline_class(observer, folder):
    """Row of `PIPELINES` for a pipeline's folder."""
    try:
        name = json.loads((folder / INDEX).read_text())["_class_name"]
    except (ValueError, KeyError) as error:
        raise InputError(f"{observer}: {folder / INDEX} is not an index of a pipeline ({error!r})") from error
    if name not in PIPELINES:
        raise InputError(f"{observer}: {folder} is a {name}, expected one of {', '.join(PIPELINES)}")
    return PIPELINES[name]


def load_pipeline(observer, row, path=None):
    """Load a diffusion observer's pipeline and say what it is.

    Parameters
    ----------
    observer : str
        For messages.
    row : dict
        `pipeline` (folder or hub id), `revision`, `sha256`, `variant`: all but the first may be missing.
    path : Path, optional
        Folder to use instead of `row["pipeline"]`.

    Returns
    -------
    pipeline : diffusers.DiffusionPipeline
        In float32 on the CPU.
    codec : LatentCodec or PixelCodec
    identity : dict
        weights and configuration (SHA-256), revision (commit of a hub id), variant.

    Raises
    ------
    InputError
        Nothing there, another class of pipeline, no safetensors, or other weights than the registry expects.
    """
    source, variant = path or row.get("pipeline"), row.get("variant")
    if not source:
        raise InputError(f"{observer}: neither a folder nor a hub id is given as its pipeline")
    folder, commit = locate(observer, source, row.get("revision"))
    cls, codec, without = pipeline_class(observer, folder)
    settings = {"variant": variant, "use_safetensors": True, **without}
    try:
        if commit:
            folder = Path(cls.download(str(source), revision=commit, **settings))
        weights = folder_hash(folder)
        check_hash(observer, source, weights, row.get("sha256"))
        pipeline = cls.from_pretrained(folder, dtype=torch.float32, local_files_only=True, **settings)
    except InputError:
        raise
    except (OSError, ValueError, TypeError, RuntimeError, SafetensorError) as error:
        raise InputError(f"{observer}: {source} cannot be loaded as a {cls.__name__} ({error})") from error
    identity = {
        "weights": weights,
        "configuration": folder_hash(folder, ("*.json", "*.txt")),
        "revision": commit,
        "variant": variant,
    }
    return pipeline, codec(pipeline), identity


def encode_prompts(observer, pipeline, prompts):
    """Embed prompts as Stable Diffusion does: padded to the tokenizer's length, last hidden state.

    Parameters
    ----------
    observer : str
        For messages.
    pipeline : diffusers.DiffusionPipeline
        With `tokenizer` and `text_encoder`.
    prompts : dict of str to str
        By category.

    Returns
    -------
    torch.Tensor
        float32 (category, token, channel).

    Raises
    ------
    InputError
        Two prompts are the same to the tokenizer, so that no loss could tell their categories apart.
    """
    tokenizer, encoder = pipeline.tokenizer, pipeline.text_encoder
    tokens = tokenizer(
        list(prompts.values()),
        padding="max_length",
        max_length=tokenizer.model_max_length,
        truncation=True,
        return_tensors="pt",
    )
    seen = {}
    for category, ids in zip(prompts, map(tuple, tokens.input_ids.tolist()), strict=True):
        if ids in seen:
            raise InputError(
                f"{observer}: its tokenizer cannot tell the prompts of {seen[ids]!r} and {category!r} apart: "
                f"{prompts[seen[ids]]!r}, {prompts[category]!r}"
            )
        seen[ids] = category
    masked = getattr(encoder.config, "use_attention_mask", False)
    mask = tokens.attention_mask.to(encoder.device) if masked else None
    return encoder(tokens.input_ids.to(encoder.device), attention_mask=mask)[0]
