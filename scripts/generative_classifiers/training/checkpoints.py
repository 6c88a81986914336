"""Checkpoints: files from which a training continues."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from generative_classifiers.io.atomic import atomic_write


def write_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write a checkpoint; an interruption leaves the one before.

    Parameters
    ----------
    path : Path
    state : dict
        Tensors, numbers and text, also nested.

    Raises
    ------
    InputError
        The disk is full or write-protected.
    """
    content = io.BytesIO()  # torch itself reports a full disk as an error of its zip files
    torch.save(state, content)
    with atomic_write(path) as partial:
        partial.write_bytes(content.getbuffer())
