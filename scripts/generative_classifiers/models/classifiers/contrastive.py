"""Contrastive models, zero-shot: a category's probability is the softmax over how similar the image is to texts."""

import hashlib
import json
from importlib import import_module

import torch
import yaml
from torch.nn.functional import normalize

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.paths import REGISTRY
from generative_classifiers.models.base import check_dtype, choose_device
from generative_classifiers.models.classifiers.discriminative import DiscriminativeModel, check_categories, classes_of
from generative_classifiers.models.classifiers.preprocessing import Preprocessing
from generative_classifiers.models.loading import clip
from generative_classifiers.models.loading.networks import CLASSES
from generative_classifiers.study.schema import check

TEMPLATES = REGISTRY / "templates.yaml"


def load(observer, row, prompts, path, device, batch_size):
    """Load a contrastive model: `models.load`.

    Parameters
    ----------
    observer : str
    row : dict
        As for `clip.load`, `texts_of` and `Preprocessing.of`, and optionally `dtype` of the images' side.
    prompts : dict of str to str
    path : Path or None
    device : str
    batch_size : int
        Of images, and of texts.

    Returns
    -------
    discriminative.DiscriminativeModel
    """
    texts, classes = texts_of(observer, row, prompts)
    settings = {"batch_size": batch_size, "dtype": check_dtype(observer, row)}
    device = choose_device(device)
    towers, identity = clip.load(observer, row, path, device)
    network = ZeroShot(towers.images, embed(towers.texts, texts, batch_size), towers.scale)
    model = DiscriminativeModel(network, classes, device, Preprocessing.of(row), **settings)
    said = {"templates": row.get("templates"), "texts": hashlib.sha256(json.dumps(texts).encode()).hexdigest()}
    model.identity |= {"family": "contrastive"} | said | identity
    model.packages = ("torch", *towers.packages)
    return model


def texts_of(observer, row, prompts):
    """The texts of each class, and the classes of each category.

    Parameters
    ----------
    observer : str
    row : dict
        `templates`, their name in `registry/templates.yaml`: without it a category's only text is its prompt.
        `classes`: 1000 for those of ImageNet, by the names that CLIP's authors gave them; without it the categories
        are the classes, whatever they are.
    prompts : dict of str to str
        By category.

    Returns
    -------
    texts : list of list of str
        (class, template).
    classes : dict of str to list of int
        By category.

    Raises
    ------
    InputError
        Of templates that there are not, another number of classes, or categories that ImageNet's do not make up.
    """
    names, classes = prompts, {category: [number] for number, category in enumerate(prompts)}
    if row.get("classes") is not None:
        check_categories(observer, prompts)
        names, classes = imagenet_names(observer, row["classes"]), classes_of(observer, row["classes"], prompts)
    if "templates" in row:
        wording = templates(observer, row["templates"])
        return [[template.replace("{category}", name) for template in wording] for name in names], classes
    if names is not prompts:
        raise InputError(f"{observer}: expected templates, for prompts are of categories, not of ImageNet's classes")
    return [[prompt] for prompt in prompts.values()], classes


def imagenet_names(observer, count):
    """Names of ImageNet's classes, as CLIP's authors chose them."""
    if count != CLASSES:
        raise InputError(f"{observer}: has {count} classes, expected {CLASSES}, or none: then they are the categories")
    return import_module("open_clip").IMAGENET_CLASSNAMES


def templates(observer, name):
    """Templates of prompts by their name in the registry."""
    known = yaml.safe_load(TEMPLATES.read_text())
    check(known, "templates", "registry/templates.yaml")
    if name not in known:
        raise InputError(f"{observer}: templates {name!r} are unknown, expected one of {', '.join(known)}")
    return known[name]


@torch.inference_mode()
def embed(encode, texts, batch_size):
    """Embeddings of classes: the mean of their texts' directions, as a direction.

    Parameters
    ----------
    encode : callable
        Of a list of str; gives embeddings (text, feature).
    texts : list of list of str
        (class, template).
    batch_size : int
        Texts at once.

    Returns
    -------
    torch.Tensor
        float32 (class, feature) of length 1.
    """
    flat = [text for some in texts for text in some]
    parts = [encode(flat[start : start + batch_size]) for start in range(0, len(flat), batch_size)]
    directions = normalize(torch.cat(parts).float(), dim=1)
    return normalize(directions.unflatten(0, (len(texts), -1)).mean(1), dim=1)


class ZeroShot(torch.nn.Module):
    """A classifier out of a contrastive model's images' side and its texts' embeddings.

    Parameters
    ----------
    images : torch.nn.Module
        Maps images (image, 3, y, x) to embeddings (image, feature).
    texts : torch.Tensor
        (class, feature), of length 1.
    scale : float
        What similarities are multiplied by.
    """

    def __init__(self, images, texts, scale):
        super().__init__()
        self.images = images
        # No buffer: similarities lie close together, and stay in float32 whatever the network is in.
        self.texts, self.scale = texts, scale

    def forward(self, images):
        """Logits (image, class) of images (image, 3, y, x)."""
        return self.scale * normalize(self.images(images).float(), dim=1) @ self.texts.T
