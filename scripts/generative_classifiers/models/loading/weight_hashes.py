"""Hashes of weights, since evidence belongs to the weights that it was computed with."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from generative_classifiers.io.errors import InputError

ENCODER = ("encoder.", "quant_conv.")  # what names of tensors begin with that decoding does not need


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_hash(folder: Path, patterns: Sequence[str] = ("*.safetensors",)) -> str:
    """SHA-256 of the list that `sha256sum` would print of a folder's files, sorted by name.

    Parameters
    ----------
    folder : Path
    patterns : sequence of str
        Of the files' names, in the folder and all folders below it.

    Returns
    -------
    str
        Hexadecimal.

    Raises
    ------
    InputError
        There is no such file.
    """
    folder = Path(folder)
    names = {path.relative_to(folder).as_posix() for pattern in patterns for path in folder.rglob(pattern)}
    if not names:
        raise InputError(f"{folder}: holds no {' or '.join(patterns)} file")
    return files_hash(folder, [folder / name for name in names])


def files_hash(folder: Path, files: Iterable[Path]) -> str:
    """SHA-256 of the list that `sha256sum` would print of some of a folder's files, sorted by name."""
    lines = sorted((file.relative_to(folder).as_posix(), file_hash(file)) for file in files)
    return hashlib.sha256("".join(f"{found}  {name}\n" for name, found in lines).encode()).hexdigest()


def checked_hash(observer: str, file: Path, expected: str | None) -> str:
    """SHA-256 of a file of weights; InputError if it cannot be read, or if the registry expects another."""
    try:
        found = file_hash(file)
    except OSError as error:
        raise InputError(f"{observer}: weights {file} cannot be read ({error.strerror})") from error
    check_hash(observer, file, found, expected)
    return found


def decoder_hash(autoencoder: Any, **settings: Any) -> str:
    """SHA-256 of what the decoder of an autoencoder of diffusers depends on.

    Parameters
    ----------
    autoencoder : torch.nn.Module
        Its tensors count in float32, so that it does not matter in which precision a file has them.
    **settings
        Numbers that decoding depends on, too.

    Returns
    -------
    str
        Hexadecimal.
    """
    tensors = autoencoder.state_dict()
    found = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for name in sorted(name for name in tensors if not name.startswith(ENCODER)):
        found.update(f"{name} {tuple(tensors[name].shape)}".encode())
        found.update(tensors[name].float().cpu().numpy().tobytes())
    return found.hexdigest()


def check_hash(observer: str, source: str | Path, found: str, expected: str | None) -> None:
    """Raise InputError if the registry expects another hash than the one found; None expects nothing."""
    if expected is not None and found != expected:
        raise InputError(f"{observer}: weights {source} have sha256 {found}, the registry expects {expected}")
