"""What a study's files record of their content: read without numpy, since every job of a workflow asks for it."""

import json
from functools import lru_cache
from pathlib import Path

from generative_classifiers.models.loading.weight_hashes import file_hash, folder_hash


def recorded_content(stimuli: str | Path) -> str | None:
    """The `stimuli.content.content_hash` that a store of stimuli says it has; None if there is no such store."""
    metadata = Path(stimuli) / "zarr.json"
    try:
        return _content(metadata, metadata.stat().st_mtime_ns)
    except (OSError, ValueError, LookupError, TypeError):
        return None


def recorded_weights(study, observer: str) -> str | None:
    """SHA-256 of the weights that a run has made for an observer; None if it has made none."""
    place = study.weights(observer)
    if place is None or not Path(place).exists():
        return None
    path = Path(place)
    return folder_hash(path) if path.is_dir() else _file_hash(path, path.stat().st_mtime_ns)


@lru_cache
def _content(metadata: Path, changed: int) -> str:
    """The content that metadata record, read again only after the file has changed."""
    return json.loads(metadata.read_text())["attributes"]["content"]


@lru_cache
def _file_hash(path: Path, changed: int) -> str:
    """A file's hash, computed again only after the file has changed."""
    return file_hash(path)
