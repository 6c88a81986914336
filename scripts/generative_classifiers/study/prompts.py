"""The prompt of every category."""

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator

from generative_classifiers.io.errors import InputError
from generative_classifiers.study.categories import CATEGORIES

PROMPT = "A bad photo of a {category}"  # arXiv 2303.15233
_FIELD = re.compile(r"\{([^{}]*)\}")


def check_prompt(template: str) -> str:
    """Return a template if `{category}` is the only field in it.

    Raises
    ------
    InputError
    """
    if set(_FIELD.findall(template)) != {"category"}:
        raise InputError(f"prompt {template!r}: expected {{category}} in the place of the class, and no other field")
    return template


Prompt = Annotated[str, AfterValidator(check_prompt)]


def prompts_of(categories: Sequence[str] = CATEGORIES, template: str = PROMPT) -> dict[str, str]:
    """Prompt by category, in order.

    Parameters
    ----------
    categories : sequence of str
    template : str
        With `{category}` in the place of the class name.

    Returns
    -------
    dict of str to str

    Raises
    ------
    InputError
        The template has no `{category}` or another field, or a category is empty or comes twice.

    Examples
    --------
    >>> prompts_of(["cat"])
    {'cat': 'A bad photo of a cat'}
    """
    check_prompt(template)
    if len(set(categories)) < len(categories) or not all(categories):
        raise InputError(f"categories: expected different names, found {', '.join(map(repr, categories))}")
    return {category: template.replace("{category}", category) for category in categories}
