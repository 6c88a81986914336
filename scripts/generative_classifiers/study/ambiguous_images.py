"""`registry/ambiguous_images.yaml`: images that can be seen as two things."""

from pydantic import Field

from generative_classifiers.study.drawings import DrawingName
from generative_classifiers.study.validation import Name, Pair, Sha256, Strict, Text, form, union_of


class AmbiguousImage(Strict):
    """An image that can be seen as two things."""

    readings: Pair[Text] = Field(description="The two things that it can be seen as; they stand in the prompt.")


class DownloadedImage(AmbiguousImage):
    """An ambiguous image at an address."""

    url: form(r"^https://[^/]+/.+\.(png|jpg|jpeg|svg)$", "the address of a PNG, JPEG or SVG file, https://…")
    sha256: Sha256 | None = Field(description="null where no checksum is known; the first download records it.")
    attribution: Text
    licence: Text


class SuperimposedImage(AmbiguousImage):
    """An ambiguous image made of two drawings of the miniature's world."""

    drawings: Pair[DrawingName] = Field(description="One for each reading, named as in registry/drawings.yaml.")


def _member(row: object) -> str:
    superimposed = isinstance(row, SuperimposedImage) or (isinstance(row, dict) and "drawings" in row)
    return "<drawings>" if superimposed else "<url>"


AmbiguousImages = dict[Name, union_of({"url": DownloadedImage, "drawings": SuperimposedImage}, _member)]
