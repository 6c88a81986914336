"""Files with the weights of a network: at an address, on this machine, or in an installed Python package."""

from typing import Any

from pydantic import Field

from generative_classifiers.study.validation import Sha256, Strict, Text, Url, union_of


class WeightFile(Strict):
    """A file with tensors of a network."""

    sha256: Sha256 | None = Field(description="null: the first download records it.")
    key: Text | None = Field(None, description="The key under which the file has the tensors.")
    prefix: Text | None = Field(
        None, description="Regular expression that names of tensors begin with, and lose; other tensors are left out."
    )
    place: Text | None = Field(None, description="What the names begin with in the network.")


class DownloadedFile(WeightFile):
    """A file at an address."""

    url: Url


class LocalFile(WeightFile):
    """A file on this machine."""

    path: Text = Field(description="Absolute, or relative to the project's root.")
    sha256: Sha256 | None = None


class PackagedFile(WeightFile):
    """A file of an installed Python package."""

    package: Text
    file: Text


def _value(row: Any, key: str) -> Any:
    return row.get(key) if isinstance(row, dict) else getattr(row, key, None)


def _file_member(row: Any) -> str:
    """The class of a file, by the key that says where it is."""
    return next((f"<{key}>" for key in ("url", "path") if _value(row, key) is not None), "<package>")


File = union_of({"url": DownloadedFile, "path": LocalFile, "package": PackagedFile}, _file_member)
