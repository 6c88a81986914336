"""CLIP's two towers, through open_clip or through transformers."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import torch

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.paths import project_file
from generative_classifiers.models.loading.complete_weights import load_tensors
from generative_classifiers.models.loading.hub import download
from generative_classifiers.models.loading.network_weights import read_tensors
from generative_classifiers.models.loading.weight_hashes import checked_hash

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
    texts: Callable[[list[str]], torch.Tensor]
    scale: float
    packages: tuple[str, ...]


def load_towers(observer, row, path, device):
    """A model's two towers with their weights, in float32.

    Parameters
    ----------
    observer : str
        For messages.
    row : study.observers.OpenClipObserver or study.observers.TransformersClipObserver
    path : Path or None
        Where the weights are instead of where the row says: a file for open_clip, a folder for transformers.
    device : torch.device

    Returns
    -------
    Towers
    identity : dict
        network, weights (SHA-256), revision (commit of the hub), and for a folder its configuration and variant.

    Raises
    ------
    InputError
        The weights are missing, cannot be reached, are not those expected, or are not those of the network; or the
        network sees images of another size than the row says.
    """
    return SOURCES[row.source](observer, row, path, device)


def _open_clip(observer, row, path, device):
    library, name = import_module("open_clip"), row.network
    if library.get_model_config(name) is None:
        raise InputError(f"{observer}: open_clip has no network {name!r}")
    _check_resolution(observer, row, library.get_model_config(name)["vision_cfg"].get("image_size", row.resolution))
    path = path or project_file(row.weights)
    file, revision = (
        (Path(path), None) if path else download(observer, repository(observer, row), WEIGHTS, row.revision)
    )
    weights = checked_hash(observer, file, row.sha256)
    with _quiet():
        network = library.create_model(name, load_weights=False, pretrained_text=False)
    load_tensors(observer, file, network, _tensors(observer, network, file))
    network, tokenizer = network.eval().to(device), library.get_tokenizer(name)

    def encode_texts(texts):
        return network.encode_text(tokenizer(texts).to(device))

    identity = {"network": name, "weights": weights, "revision": revision}
    return Towers(network.visual, encode_texts, network.logit_scale.exp().item(), ("open_clip_torch",)), identity


def _check_resolution(observer, row, size):
    if row.resolution != size:
        raise InputError(f"{observer}: resolution: the network sees {size} pixels along a side, found {row.resolution}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Without open_clip's warning that a network has random weights, which it has only until they are filled in."""
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _tensors(observer, network, file):
    """A file's tensors by their names in a network of open_clip, from whichever layout it is in.

    open_clip's own loader would also stretch position embeddings and invent a missing bias.
    """
    factory = import_module("open_clip.factory")
    tensors = read_tensors(observer, file)
    if isinstance(tensors.get("state_dict"), dict):  # a checkpoint
        tensors = tensors["state_dict"]
    tensors = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}  # of several GPUs
    tensors = factory.convert_state_dict(network, tensors)
    if "positional_embedding" in tensors and not hasattr(network, "positional_embedding"):
        tensors = factory.convert_to_custom_text_state_dict(tensors)
    return tensors


def repository(observer, row):
    """The hub id of the weights that a row of open_clip names; InputError if there are none for its network."""
    library, name, tag = import_module("open_clip"), row.network, row.weights
    settings = library.get_pretrained_cfg(name, tag)
    hub_id = settings.get("hf_hub", "").rstrip("/")
    if not hub_id:
        raise InputError(
            f"{observer}: open_clip knows of no weights {tag!r} of {name!r} on the hub, and there is no such file"
        )
    # Weights that were trained with another activation fit as well, but give other answers.
    if settings.get("quick_gelu", False) != library.get_model_config(name).get("quick_gelu", False):
        raise InputError(
            f"{observer}: weights {tag!r} need another activation function than {name!r} has, see {name}-quickgelu"
        )
    return hub_id


def _transformers(observer, row, path, device):
    # Imported late, since transformers takes seconds to import.
    from generative_classifiers.models.loading.transformers_models import load_clip

    network, tokenizer, identity = load_clip(observer, row, path)
    _check_resolution(observer, row, network.config.vision_config.image_size)
    network = network.eval().to(device)
    limit = {"max_length": network.config.text_config.max_position_embeddings, "truncation": True}

    def encode_texts(texts):
        tokens = tokenizer(texts, padding=True, return_tensors="pt", **limit).to(device)
        return network.get_text_features(tokens.input_ids, tokens.attention_mask).pooler_output

    images, scale = ImageTower(network.vision_model, network.visual_projection), network.logit_scale.exp().item()
    return Towers(images, encode_texts, scale, ("transformers",)), {"network": type(network).__name__, **identity}


class ImageTower(torch.nn.Module):
    """The image tower of transformers' CLIPModel.

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
