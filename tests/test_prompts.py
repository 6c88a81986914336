"""The prompts of categories."""

import pytest

from generative_classifiers.io.errors import InputError
from generative_classifiers.study.prompts import prompts_of


def test_prompts_need_distinct_categories_and_one_field():
    assert prompts_of(["cat"]) == {"cat": "A bad photo of a cat"}
    assert prompts_of(["{x}"], "a {category}") == {"{x}": "a {x}"}
    for template in ("a cat", "a {category}, {y}"):
        with pytest.raises(InputError, match=r"expected {category} in the place of the class, and no other field"):
            prompts_of(["cat"], template)
    with pytest.raises(InputError, match="expected different names, found 'cat', 'cat'"):
        prompts_of(["cat", "cat"])
    with pytest.raises(InputError, match="expected different names"):
        prompts_of([""])
