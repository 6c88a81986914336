"""The prompt of every category."""

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator

from generative_classifiers.io.errors import InputError
from generative_classifiers.study.categories import CATEGORIES, NO_ANSWER

PROMPT = "A bad photo of a {category}"  # arXiv 2303.15233
_FIELD = re.compile(r"\{([^{}]*)\}")


def check_prompt(template: str) -> str:
    """Return a template if `{category}` is the only field in it.

    Raises
    ------
    InputError
    """
    others = set(_FIELD.findall(template)) - {"category"}
    if others:
        raise InputError(
            f"prompt {template!r}: {{{min(others)}}} is unknown; expected {{category}}, and no other field"
        )
    rest = template.replace("{category}", "")
    if rest == template or set(rest) & set("{}"):
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
        The template has no `{category}` or another field, or a category is empty, comes twice or is no name.

    Examples
    --------
    >>> prompts_of(["cat"])
    {'cat': 'A bad photo of a cat'}
    """
    check_prompt(template)
    if len(set(categories)) < len(categories) or not all(categories):
        raise InputError(f"categories: expected different names, found {', '.join(map(repr, categories))}")
    for category in categories:
        if category == NO_ANSWER or set(category) & set("{}") or not category.isprintable():
            raise InputError(
                f"categories: {category!r}: expected a name on one line, without braces, and not {NO_ANSWER!r}, which "
                "stands for no answer"
            )
    return {category: template.replace("{category}", category) for category in categories}


def several_prompts_of(categories: Sequence[str], templates: Sequence[str]) -> dict[str, str]:
    """Category by prompt, where each category has several prompts.

    Parameters
    ----------
    categories, templates : sequence of str
        As for `prompts_of`.

    Returns
    -------
    dict of str to str

    Raises
    ------
    InputError
        As for `prompts_of`, or two prompts are the same.

    Examples
    --------
    >>> several_prompts_of(["cat"], ["A photo of a {category}", "A sketch of a {category}"])
    {'A photo of a cat': 'cat', 'A sketch of a cat': 'cat'}
    """
    by_template = [prompts_of(categories, template) for template in templates]
    found = [(prompts[category], category) for category in categories for prompts in by_template]
    if len(dict(found)) < len(found):
        raise InputError(f"prompts: expected different ones, found {', '.join(map(repr, templates))}")
    return dict(found)
