"""The prompts of categories."""

import pytest

from generative_classifiers.io.errors import InputError
from generative_classifiers.study.prompts import prompts_of, several_prompts_of


def test_prompts_need_distinct_categories_and_one_field():
    assert prompts_of(["cat"]) == {"cat": "A bad photo of a cat"}
    for template in ("a cat", "a {category}, {", "a }{category}", ""):
        with pytest.raises(InputError, match=r"expected {category} in the place of the class, and no other field"):
            prompts_of(["cat"], template)
    with pytest.raises(InputError, match="expected different names, found 'cat', 'cat'"):
        prompts_of(["cat", "cat"])
    with pytest.raises(InputError, match="expected different names"):
        prompts_of([""])
    for name in ("{x}", "na", "a\ncat"):
        with pytest.raises(InputError, match="expected a name on one line, without braces"):
            prompts_of([name])


@pytest.mark.parametrize("field", ["categry", "0", "", "category!r", "category:>9", "Category"])
def test_unknown_fields_of_prompts_are_named(field):
    for template in (f"a {{{field}}}", f"a {{category}}, {{{field}}}"):
        with pytest.raises(InputError) as error:
            prompts_of(["cat"], template)
        assert f"{{{field}}} is unknown; expected {{category}}" in str(error.value)


def test_several_prompts_come_by_category_and_must_differ():
    found = several_prompts_of(["cat", "dog"], ["a {category}", "the {category}"])
    assert list(found.items()) == [("a cat", "cat"), ("the cat", "cat"), ("a dog", "dog"), ("the dog", "dog")]
    with pytest.raises(InputError, match="prompts: expected different ones"):
        several_prompts_of(["cat", "dog"], ["a {category}", "a {category}"])
