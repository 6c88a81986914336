"""Contrastive models, zero-shot: a category's probability is the softmax over the similarities of image and texts."""

import hashlib
import json
from importlib import import_module

import torch
from torch.nn.functional import normalize

from generative_classifiers.io.errors import InputError
from generative_classifiers.models.classifiers.classifier import Classifier, check_categories, classes_of
from generative_classifiers.models.classifiers.preprocessing import Preprocessing
from generative_classifiers.models.loading.clip_towers import load_towers
from generative_classifiers.study.templates import load_templates
from generative_classifiers.study.validation import unknown


class ContrastiveModel(Classifier):
    """A model that compares images with texts."""

    family = "contrastive"


def load(observer, row, prompts, runtime, *, path=None, mirror=None):
    """Load a contrastive observer.

    Parameters
    ----------
    observer, prompts, path, mirror
        As for `models.load`. There is no use for `mirror`: these files come from the Hugging Face hub.
    row : study.observers.ContrastiveObserver
    runtime : models.base.Runtime
        Its batch size is also the number of texts that are embedded at once.

    Returns
    -------
    ContrastiveModel
    """
    texts, classes = texts_of(observer, row, prompts)
    towers, weights = load_towers(observer, row, path, runtime.device)
    network = ZeroShot(towers.images, embed(towers.texts, texts, runtime.batch_size), towers.scale)
    texts_hash = hashlib.sha256(json.dumps(texts).encode()).hexdigest()
    # A category's probability depends on the texts of all others.
    identity = {"categories": list(prompts), "texts": texts_hash, **weights}
    packages = ("torch", *towers.packages)
    return ContrastiveModel(observer, network, classes, Preprocessing.of(row), runtime, identity, packages)


def texts_of(observer, row, prompts):
    """The texts of each class, and the classes of each category.

    Parameters
    ----------
    observer : str
        For messages.
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
        There are no such templates, or ImageNet's classes do not make up a category.
    """
    names, classes = list(prompts), {category: [number] for number, category in enumerate(prompts)}
    if row.classes is not None:
        check_categories(observer, prompts)
        names, classes = import_module("open_clip").IMAGENET_CLASSNAMES, classes_of(observer, row.classes, prompts)
    if row.templates is None:
        return [[prompt] for prompt in prompts.values()], classes
    templates = templates_of(observer, row.templates)
    return [[template.replace("{category}", name) for template in templates] for name in names], classes


def templates_of(observer, name):
    """Templates of prompts by their name in the registry; InputError if it is unknown."""
    registry = load_templates()
    if name not in registry:
        raise InputError(f"{observer}: templates: {unknown(name, registry)}")
    return registry[name]


@torch.inference_mode()
def embed(encode, texts, batch_size):
    """Embeddings of classes: the normalised mean of their texts' normalised embeddings.

    Parameters
    ----------
    encode : callable
        Of a list of str; returns embeddings (text, feature).
    texts : list of list of str
        (class, template).
    batch_size : int
        Texts at once.

    Returns
    -------
    torch.Tensor
        float32 (class, feature) of length 1.
    """
    all_texts = [text for texts_of_class in texts for text in texts_of_class]
    batches = [all_texts[start : start + batch_size] for start in range(0, len(all_texts), batch_size)]
    embeddings = torch.cat([encode(batch) for batch in batches]).float()
    by_class = normalize(embeddings, dim=1).unflatten(0, (len(texts), -1))
    return normalize(by_class.mean(1), dim=1)


class ZeroShot(torch.nn.Module):
    """A classifier made of a contrastive model's image tower and its embeddings of texts.

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
        # Not a buffer: similarities lie close together, so they stay in float32 whatever the network's precision.
        self.texts, self.scale = texts, scale

    def forward(self, images):
        """Logits (image, class) of images (image, 3, y, x)."""
        return self.scale * normalize(self.images(images).float(), dim=1) @ self.texts.T
