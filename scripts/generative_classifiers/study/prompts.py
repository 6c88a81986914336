"""The prompt of every category."""

from generative_classifiers.io.errors import InputError
from generative_classifiers.study.categories import CATEGORIES

PROMPT = "A bad photo of a {category}"  # arXiv 2303.15233


def prompts_of(categories=CATEGORIES, template=PROMPT):
    """Prompt by category, in order.

    Parameters
    ----------
    categories : sequence of str
    template : str
        With {category} in the category's place.

    Returns
    -------
    dict of str to str
    """
    if "{category}" not in template:
        raise InputError(f"prompt {template!r}: expected {{category}} in the category's place")
    if len(set(categories)) < len(categories) or not all(categories):
        raise InputError(f"categories: expected different names, found {', '.join(map(repr, categories))}")
    return {category: template.replace("{category}", category) for category in categories}
