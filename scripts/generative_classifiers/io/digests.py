"""Digests of plain data."""

import hashlib
import json
from typing import Any


def digest(content: Any) -> str:
    """SHA-256 of plain data.

    Parameters
    ----------
    content : dict or list
        As JSON can hold it.

    Returns
    -------
    str
        Hexadecimal.

    Examples
    --------
    >>> digest({"seed": 0, "times": "golden"}) == digest({"times": "golden", "seed": 0})
    True
    """
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
