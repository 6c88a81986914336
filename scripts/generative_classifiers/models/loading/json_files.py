"""JSON files of models: what they say, or one clear error."""

import json
from pathlib import Path
from typing import Any

from generative_classifiers.io.errors import InputError, one_line


def read_json(observer: str, file: Path) -> dict[str, Any]:
    """The object of a JSON file; InputError, which names the observer, if there is none."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{observer}: {file} cannot be read as JSON in UTF-8 ({one_line(error)})") from error
    if not isinstance(content, dict):
        raise InputError(f"{observer}: {file} holds a {type(content).__name__}, expected an object with keys")
    return content
