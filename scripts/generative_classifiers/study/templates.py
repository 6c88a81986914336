"""`registry/templates.yaml`: templates of prompts for contrastive models."""

from functools import cache
from typing import Annotated

from pydantic import Field

from generative_classifiers.io.paths import REGISTRY
from generative_classifiers.study.prompts import Prompt
from generative_classifiers.study.validation import Items, Name, read

Templates = dict[Name, Annotated[Items[Prompt], Field(min_length=1)]]


@cache
def load_templates() -> dict[str, tuple[str, ...]]:
    """The templates by name.

    Returns
    -------
    dict of str to tuple of str
        Each with `{category}` in the place of the class name.
    """
    return read(REGISTRY / "templates.yaml", REGISTRY.parent, Templates)
