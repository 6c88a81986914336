"""Contrastive models, zero-shot: a category's probability is the softmax over how similar the image is to texts."""

import hashlib
import json
from importlib import import_module

import torch
from torch.nn.functional import normalize

from generative_classifiers.io.errors import InputError
from generative_classifiers.models.base import choose_device
from generative_classifiers.models.classifiers.discriminative import DiscriminativeModel, check_categories, classes_of
from generative_classifiers.models.classifiers.preprocessing import Preprocessing
from generative_classifiers.models.loading import clip
from generative_classifiers.study.templates import load_templates
from generative_classifiers.study.validation import unknown


def load(observer, row, prompts, path, device, batch_size):
    """Load a contrastive model: `models.load`.

    Parameters
    ----------
    observer : str
    row : study.observers.ContrastiveObserver
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
    settings = {"batch_size": batch_size, "dtype": row.dtype}
    device = choose_device(device)
    towers, identity = clip.load(observer, row, path, device)
    network = ZeroShot(towers.images, embed(towers.texts, texts, batch_size), towers.scale)
    model = DiscriminativeModel(network, classes, device, Preprocessing.of(row), **settings)
    said = {"templates": row.templates, "texts": hashlib.sha256(json.dumps(texts).encode()).hexdigest()}
    model.identity |= {"family": "contrastive"} | said | identity
    model.packages = ("torch", *towers.packages)
    return model


def texts_of(observer, row, prompts):
    """The texts of each class, and the classes of each category.

    Parameters
    ----------
    observer : str
    row : study.observers.ContrastiveObserver
        Without `templates` a category's only text is its prompt. With `classes` the classes are ImageNet's, by the
        names that CLIP's authors gave them; without it they are the categories.
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
    if row.classes is not None:
        check_categories(observer, prompts)
        names, classes = import_module("open_clip").IMAGENET_CLASSNAMES, classes_of(observer, row.classes, prompts)
    if row.templates is not None:
        wording = templates(observer, row.templates)
        return [[template.replace("{category}", name) for template in wording] for name in names], classes
    return [[prompt] for prompt in prompts.values()], classes


def templates(observer, name):
    """Templates of prompts by their name in the registry."""
    known = load_templates()
    if name not in known:
        raise InputError(f"{observer}: templates: {unknown(name, known)}")
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
