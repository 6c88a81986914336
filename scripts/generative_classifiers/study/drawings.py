"""`registry/drawings.yaml`: the drawings of the miniature's world, which are glyphs of icon fonts."""

from functools import cache
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from generative_classifiers.io.paths import REGISTRY
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.validation import Items, Strict, form, missing, read, unknown_key, wrong

DrawingName = form(r"^[a-z0-9]+ [A-Za-z0-9-]+$", "<font> <glyph>")


class Splits(Strict):
    """The drawings of a category, each named `<font> <glyph>`."""

    training: Annotated[Items[DrawingName], Field(min_length=1)]
    held_out: Annotated[Items[DrawingName], Field(min_length=1)]

    @model_validator(mode="after")
    def _are_apart(self) -> Self:
        both = set(self.training) & set(self.held_out)
        if both:
            raise wrong("held_out", f"drawing {min(both)!r} is in training, too; expected in one of the two")
        return self


def _check_categories(drawings: dict[str, Splits]) -> dict[str, Splits]:
    for category in drawings:
        if category not in CATEGORIES:
            raise wrong(category, unknown_key(category, CATEGORIES))
    for category in CATEGORIES:
        if category not in drawings:
            raise missing(category)
    return drawings


Drawings = Annotated[dict[str, Splits], AfterValidator(_check_categories)]


@cache
def load_drawings() -> dict[str, Splits]:
    """The drawings of every category.

    Returns
    -------
    dict of str to Splits
        By category.
    """
    return read(REGISTRY / "drawings.yaml", REGISTRY.parent, Drawings)
