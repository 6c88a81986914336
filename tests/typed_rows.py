"""Typed rows of the registries and typed settings for tests, from their keys."""

from pydantic import TypeAdapter

from generative_classifiers.study.datasets import Dataset
from generative_classifiers.study.observers import AnyObserver
from generative_classifiers.study.recipes import GenerativeRecipe
from generative_classifiers.study.settings import World

ARCHIVE = {"url": "https://example.org/a.tar.gz", "sha256": None}


def observer(**row):
    """An observer's row."""
    return TypeAdapter(AnyObserver).validate_python({"label": "An observer", **row})


def dataset(conditions=("all",), **row):
    """A dataset's row: nonparametric if its only condition is `all`."""
    defaults = {
        "label": "A dataset",
        "kind": "nonparametric" if list(conditions) == ["all"] else "parametric",
        "axis": "Condition",
        "excluded": [],
        "images": 16,
        "stimuli": ARCHIVE,
        "decisions": {"humans": {}, "networks": {}},
    }
    return Dataset.model_validate({**defaults, "conditions": list(conditions), **row})


def world(images=None, **changed):
    """Settings of a small world; `images` changes the number of images of some datasets."""
    numbers = {"parametric": 16, "nonparametric": 16, "cue-conflict": 240, **(images or {})}
    return World.model_validate({"seed": 0, "size": 32, "texture_contrast": [0.1, 1.0], "images": numbers, **changed})


def generative_recipe(**recipe):
    """The recipe of one of the miniature's generative models."""
    return TypeAdapter(GenerativeRecipe).validate_python(recipe)
