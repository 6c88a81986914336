"""Attributes of stores as every file format takes them: text and numbers, and JSON text where there is structure."""

import json
from collections.abc import Mapping
from contextlib import suppress
from numbers import Real
from typing import Any


def encode_attributes(attributes: Mapping[Any, Any]) -> dict[str, Any]:
    """Make attributes text or numbers.

    Parameters
    ----------
    attributes : dict
        Of whatever JSON can hold.

    Returns
    -------
    dict
        Numbers and text as they are, anything else as JSON text.

    Examples
    --------
    >>> encode_attributes({"seed": 3, "times": "golden", "reconstruct": None, "prompts": {"cat": "A cat"}})
    {'seed': 3, 'times': 'golden', 'reconstruct': 'null', 'prompts': '{"cat": "A cat"}'}
    """
    return {name: value if _is_plain(value) else json.dumps(value) for name, value in attributes.items()}


def decode_attributes(attributes: Mapping[Any, Any]) -> dict[str, Any]:
    """Attributes of a store with their structure: of JSON text its content, anything else as it is.

    Parameters
    ----------
    attributes : dict
        The `attrs` of a store.

    Returns
    -------
    dict

    Examples
    --------
    >>> decode_attributes({"seed": 3, "times": "golden", "reconstruct": "null", "prompts": '{"cat": "A cat"}'})
    {'seed': 3, 'times': 'golden', 'reconstruct': None, 'prompts': {'cat': 'A cat'}}
    """
    return {name: _decode(value) for name, value in attributes.items()}


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | Real) and not isinstance(value, bool)


def _decode(value: Any) -> Any:
    """The value of JSON text; anything else, such as a prompt that begins with a brace, as it is."""
    if isinstance(value, str) and (value in ("null", "true", "false") or value.startswith(("{", "["))):
        with suppress(json.JSONDecodeError):
            return json.loads(value)
    return value
