"""Typed configuration for tests, from its keys."""

from pydantic import TypeAdapter

from generative_classifiers.study.observers import AnyObserver
from generative_classifiers.study.recipes import GenerativeRecipe
from generative_classifiers.study.settings import World


def observer(**row):
    """An observer's row of the registry."""
    return TypeAdapter(AnyObserver).validate_python({"label": "An observer", **row})


def generative_recipe(**recipe):
    """The recipe of one of the miniature's generative models."""
    return TypeAdapter(GenerativeRecipe).validate_python(recipe)


def world(**changed):
    """Settings of a small world."""
    images = {"parametric": 16, "nonparametric": 16, "cue-conflict": 240}
    return World.model_validate({"seed": 0, "size": 32, "texture_contrast": [0.1, 1.0], "images": images, **changed})
