"""CLIP by rows of the registry: through open_clip, or through transformers."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import torch
from huggingface_hub import hf_hub_download

from generative_classifiers.io.errors import InputError
from generative_classifiers.models.loading.hub import advice
from generative_classifiers.models.loading.weight_hashes import check_hash, file_hash

WEIGHTS = "open_clip_model.safetensors"  # what open_clip calls them on the hub


class Towers(NamedTuple):
    """The two sides of a contrastive model.

    Attributes
    ----------
    images : torch.nn.Module
        Maps images (image, 3, y, x) to embeddings (image, feature).
    texts : callable
        Maps a list of str to embeddings (text, feature).
    scale : float
        What similarities are multiplied by.
    packages : tuple of str
        Distributions whose versions the embeddings depend on.
    """

    images: torch.nn.Module
    texts: Callable
    scale: float
    packages: tuple[str, ...]


def load(observer, row, path, device):
    """A model's two sides with their weights, in float32.

    Parameters
    ----------
    observer : str
        For messages.
    row : dict
        By `source`
        open_clip: `network`, its name there, and `weights`, a file, or what open_clip calls those that it knows of on
        the hub, at `revision`; optionally `sha256` of the file;
        transformers: as for `checkpoints.load_clip`.
    path : Path or None
        Where the weights are instead of where the row says: a file for open_clip, a folder for transformers.
    device : torch.device

    Returns
    -------
    Towers
    identity : dict
        network, weights (SHA-256), revision (commit of the hub), and what else a source says of itself.

    Raises
    ------
    InputError
        Weights that are missing, out of reach, others than expected, or not those of the network.
    """
    return SOURCES[row.source](observer, row, path, device)


def _open_clip(observer, row, path, device):
    library, name = import_module("open_clip"), row.network
    if library.get_model_config(name) is None:
        raise InputError(f"{observer}: open_clip has no network {name!r}")
    path = path or own_file(row)
    file, revision = (Path(path), None) if path else _from_hub(observer, row)
    try:
        weights = file_hash(file)
        check_hash(observer, file, weights, row.sha256)
        network = library.create_model(name, pretrained=str(file), pretrained_text=False)
    except InputError:
        raise
    except Exception as error:  # safetensors, pickle and torch each have errors of their own
        raise InputError(f"{observer}: {file} is not the weights of a {name} ({error})") from error
    network, tokenizer = network.eval().to(device), library.get_tokenizer(name)

    def texts(some):
        return network.encode_text(tokenizer(some).to(device))

    identity = {"network": name, "weights": weights, "revision": revision}
    return Towers(network.visual, texts, network.logit_scale.exp().item(), ("open_clip_torch",)), identity


def own_file(row):
    """The file that the row names as the weights of a network of open_clip; None if it names others."""
    file = Path(row.weights)
    return file if file.is_file() else None


def repository(observer, row):
    """Where the hub has weights that open_clip knows of."""
    library, name, tag = import_module("open_clip"), row.network, row.weights
    known = library.get_pretrained_cfg(name, tag)
    source = known.get("hf_hub", "").rstrip("/")
    if not source:
        raise InputError(f"{observer}: open_clip knows of no weights {tag!r} of {name!r} on the hub")
    # Trained with another activation the same weights fit, and give other answers.
    if known.get("quick_gelu", False) != library.get_model_config(name).get("quick_gelu", False):
        raise InputError(f"{observer}: weights {tag!r} are of another activation than {name!r}, see {name}-quickgelu")
    return source


def _from_hub(observer, row):
    source = repository(observer, row)
    try:
        file = Path(hf_hub_download(source, WEIGHTS, revision=row.revision))
    except (OSError, ValueError) as error:  # what the hub's errors derive from
        raise InputError(f"{observer}: {source} is not within reach: {advice(error, source)}") from error
    return file, file.parent.name


def _transformers(observer, row, path, device):
    checkpoints = import_module(f"{__package__}.token_models")
    network, tokenizer, identity = checkpoints.load_clip(observer, row, path)
    network = network.eval().to(device)
    limit = {"max_length": network.config.text_config.max_position_embeddings, "truncation": True}

    def texts(some):
        tokens = tokenizer(some, padding=True, return_tensors="pt", **limit).to(device)
        return network.get_text_features(tokens.input_ids, tokens.attention_mask).pooler_output

    images, scale = ImageTower(network.vision_model, network.visual_projection), network.logit_scale.exp().item()
    return Towers(images, texts, scale, ("transformers",)), {"network": type(network).__name__} | identity


class ImageTower(torch.nn.Module):
    """The images' side of transformers' CLIPModel, without that of texts.

    Parameters
    ----------
    vision : torch.nn.Module
    projection : torch.nn.Module
    """

    def __init__(self, vision, projection):
        super().__init__()
        self.vision, self.projection = vision, projection

    def forward(self, images):
        """Embeddings (image, feature) of images (image, 3, y, x)."""
        return self.projection(self.vision(images).pooler_output)


SOURCES = {"open_clip": _open_clip, "transformers": _transformers}
