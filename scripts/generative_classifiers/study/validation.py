"""Typed configuration: plain data becomes objects, or one clear error.

All models of `study/` derive from `Strict`. Their JSON Schemas are exported to `schemas/` for editors.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from generative_classifiers.io.errors import InputError
from generative_classifiers.study.yaml_files import YamlFile

Item = TypeVar("Item")

# A list of YAML. Only here is another type accepted than the one that is declared; the items are checked strictly.
Items = Annotated[tuple[Item, ...], Field(strict=False)]
Pair = Annotated[tuple[Item, Item], Field(strict=False)]
Triple = Annotated[tuple[Item, Item, Item], Field(strict=False)]

_FORMS: dict[str, str] = {}


def form(pattern: str, words: str) -> Any:
    """The type of a text of some form: a regular expression, and the same in words for errors."""
    _FORMS[pattern] = words
    return Annotated[str, Field(pattern=pattern)]


NAME = r"^[a-z0-9][a-z0-9._-]{0,99}$"
Name = form(NAME, "a name of lower-case letters, digits, dots, hyphens and underscores, at most 100")
Sha256 = form(r"^[0-9a-f]{64}$", "a SHA-256, 64 digits of 0-9 and a-f")
Commit = form(r"^[0-9a-f]{40}$", "a commit, 40 digits of 0-9 and a-f")
Url = form(r"^https://[^/\s]+/\S+$", "an address, https://…")
Text = form(r"^[^\x00-\x1f\x7f]+$", "a text on one line")
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1, le=10**9)]
MOST_DRAWS, MOST_IMAGES, LARGEST_BATCH, LARGEST_SEED = 100_000, 10**6, 10**6, 2**63 - 1
Limit = Annotated[int, Field(ge=1, le=MOST_IMAGES)]
Seed = Annotated[int, Field(ge=0, lt=LARGEST_SEED + 1)]

_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "bool": "true or false",
    "string": "a text (numbers and true or false need quotes)",
    "tuple": "a list",
    "dict": "keys with values",
    "model": "keys with values",
    "none": "null",
}
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
    "multiple_of": ("a multiple of", "multiple_of"),
}


class Strict(BaseModel):
    """What all typed configuration shares: unknown keys, wrong types, NaN and infinity are errors."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        populate_by_name=True,
        defer_build=True,  # only the models that a program reads with are worth building
    )

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, data: Any) -> Any:
        known = [field.alias or name for name, field in cls.model_fields.items()]
        for key in data if isinstance(data, dict) else ():
            if key not in known and key not in cls.model_fields:
                raise wrong(key, unknown_key(key, known))
        return data

    def as_params(self) -> dict[str, Any]:
        """What its document says, as plain data: for parameters of rules, whose changes Snakemake notices."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


def wrong(key: str | tuple[str, ...], message: str) -> PydanticCustomError:
    """The error that a validator of a model raises about one of its keys, or about a key inside that one."""
    keys = key if isinstance(key, tuple) else (key,)
    return PydanticCustomError("wrong_key", "{message}", {"keys": keys, "message": message})


def missing(key: str, reason: str = "") -> PydanticCustomError:
    """The error that a validator of a model raises about a key that its other keys need."""
    return wrong(key, f"this key is missing{reason and '; '}{reason}")


def union_of(members: Mapping[str, Any], member_of: Callable[[Any], str]) -> Any:
    """The type of an object that is of one of several classes.

    Parameters
    ----------
    members : dict of str to type
        Classes, or other types that pydantic knows.
    member_of : callable
        Of plain data or an object: the key of its class in <>. So it is known in the locations of errors.
    """
    tagged = [Annotated[kind, Tag(f"<{name}>")] for name, kind in members.items()]
    return Annotated[reduce(or_, tagged), Discriminator(member_of)]


def read(path: Path, root: Path, kind: Any) -> Any:
    """Read a YAML file into a typed object.

    Parameters
    ----------
    path, root : Path
        As for `YamlFile`.
    kind : type
        A class derived from `Strict`, or any other type that pydantic knows, for example ``dict[str, Dataset]``.

    Returns
    -------
    object
        Of that type.

    Raises
    ------
    InputError
        That names the file, the line, the key, and what was expected.
    """
    file = YamlFile(path, root)
    return validated(kind, file.content, file.where)


def validated(kind: Any, document: Any, where: Any) -> Any:
    """Turn plain data into a typed object.

    Parameters
    ----------
    kind : type
        As for `read`.
    document : object
        Plain data: dictionaries, lists, texts, numbers.
    where : callable
        Of keys: the beginning of an error, as `YamlFile.where`.

    Raises
    ------
    InputError
        For the first thing that is wrong.
    """
    try:
        return TypeAdapter(kind).validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    # pydantic's locations also name the member of a union, here in <>, and say [key] where a key itself is wrong.
    keys = [key for key in first["loc"] if not (isinstance(key, str) and key[:1] in ("<", "["))]
    if first["type"] == "wrong_key":
        keys.extend(first["ctx"]["keys"])
    raise InputError(f"{where(*keys)}: {_message(first)}")


def unknown_key(key: Any, known: Iterable[str]) -> str:
    """The message about a key that is not known."""
    known = list(known)
    return f"unknown key{_nearest(key, known) or '.'} Known keys: {', '.join(known)}"


def unknown(name: Any, known: Iterable[str]) -> str:
    """The message about a name that is not known.

    Examples
    --------
    >>> unknown("skecth", ["edge", "sketch"])
    "'skecth' is unknown, did you mean 'sketch'? Expected one of edge, sketch"
    """
    known = list(known)
    hint = f"{_nearest(name, known)} Expected" if _nearest(name, known) else ", expected"
    return f"{name!r} is unknown{hint} one of {', '.join(known)}"


def _nearest(name: Any, known: list[str]) -> str:
    near = get_close_matches(str(name), known, n=1)
    return f", did you mean {near[0]!r}?" if near else ""


def _message(error: Any) -> str:
    """What is wrong and what was expected, of one of pydantic's errors."""
    kind, context, found = error["type"], error.get("ctx", {}), _shown(error.get("input"))
    if kind in ("wrong_key", "value_error"):
        return str(context.get("message") or context["error"])
    if kind == "missing":
        return "this key is missing"
    if kind in _BOUNDS:
        words, bound = _BOUNDS[kind]
        return f"expected {words} {context[bound]:g}, found {found}"
    if kind == "literal_error":
        return unknown(
            error["input"], [one.strip("'") for one in context["expected"].replace(" or ", ", ").split(", ")]
        )
    if kind == "union_tag_invalid":
        tags = context["expected_tags"].replace("'", "").split(", ")
        return unknown(context["tag"].strip("<>"), [tag.strip("<>") for tag in tags])
    if kind in ("too_short", "string_too_short"):
        what = "characters" if kind == "string_too_short" else "items"
        return f"expected at least {context['min_length']} {what}, found {found}"
    if kind == "string_pattern_mismatch":
        return f"expected {_FORMS.get(context['pattern'], context['pattern'])}, found {found}"
    if kind.split("_")[0] in _TYPES and kind.endswith(("_type", "_parsing", "_number", "_required")):
        return f"expected {_TYPES[kind.split('_')[0]]}, found {found}"
    return f"{error['msg'][0].lower()}{error['msg'][1:]}, found {found}"


def _shown(value: Any) -> str:
    """A value as YAML would show it, shortened."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"
