"""`registry/questions.yaml`: what vision-language models are asked, and the answers that they choose from."""

from collections.abc import Sequence
from functools import cache
from string import ascii_uppercase
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.paths import REGISTRY
from generative_classifiers.study.validation import Name, Strict, read, unknown, wrong

CATEGORIES, OPTIONS = "{categories}", "{options}"


class Choice(NamedTuple):
    """A question with its answers.

    Attributes
    ----------
    question : str
    answers : tuple of str
        By category.
    """

    question: str
    answers: tuple[str, ...]


class Question(Strict):
    """A question about an image, of which every category is a possible answer."""

    question: Annotated[str, Field(min_length=1)] = Field(
        description="It can list the categories: {categories} or {options}."
    )
    answer: Literal["name", "letter"] = Field(
        "name", description="Whether the categories or their letters are the answers."
    )

    @model_validator(mode="after")
    def _letters_stand_for_options(self) -> Self:
        if self.answer == "letter" and OPTIONS not in self.question:
            raise wrong("question", f"expected {OPTIONS}, since letters are the answers")
        return self

    @property
    def lists_categories(self) -> bool:
        """Whether the question depends on the categories and on their order."""
        return CATEGORIES in self.question or OPTIONS in self.question

    def choice(self, categories: Sequence[str], first: int = 0) -> Choice:
        """The question with the categories in a cyclic order.

        Parameters
        ----------
        categories : sequence of str
        first : int
            Which category the question lists first.

        Returns
        -------
        Choice
            The answers are in the order of `categories`.

        Examples
        --------
        >>> Question(question="{options}", answer="letter").choice(["cat", "dog", "car"], first=1)
        Choice(question='A. dog\\nB. car\\nC. cat', answers=('C', 'A', 'B'))
        """
        order = [*categories[first:], *categories[:first]]
        letters = dict(zip(order, ascii_uppercase, strict=False))
        options = "\n".join(f"{letter}. {category}" for category, letter in letters.items())
        text = self.question.replace(CATEGORIES, ", ".join(order)).replace(OPTIONS, options)
        answers = categories if self.answer == "name" else [letters[category] for category in categories]
        return Choice(text, tuple(answers))


def choices_of(observer: str, name: str, categories: Sequence[str], orders: int) -> list[Choice]:
    """What a model is asked: a question of the registry with the categories in several cyclic orders.

    Parameters
    ----------
    observer : str
        For messages.
    name : str
        Of the question.
    categories : sequence of str
    orders : int
        How many, spread evenly over all cyclic orders.

    Returns
    -------
    list of Choice

    Raises
    ------
    InputError
        There is no such question, there are fewer orders than that, or more categories than letters.
    """
    registry = load_questions()
    if name not in registry:
        raise InputError(f"{observer}: question: {unknown(name, registry)}")
    question = registry[name]
    possible = len(categories) if question.lists_categories else 1
    if orders > possible:
        raise InputError(f"{observer}: orders is {orders}, expected at most {possible} for the question {name!r}")
    if OPTIONS in question.question and len(categories) > len(ascii_uppercase):
        raise InputError(
            f"{observer}: {len(categories)} categories, expected at most {len(ascii_uppercase)}, one a letter"
        )
    return [question.choice(categories, order * len(categories) // orders) for order in range(orders)]


Questions = dict[Name, Question]


@cache
def load_questions() -> dict[str, Question]:
    """The questions by name."""
    return read(REGISTRY / "questions.yaml", REGISTRY.parent, Questions)
