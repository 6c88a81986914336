"""Files of weights in a folder: their variants, and whether they are whole. Only their headers are read."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from safetensors import SafetensorError, safe_open

from generative_classifiers.io.errors import InputError, one_line
from generative_classifiers.models.loading.json_files import read_json

# As diffusers and transformers name them: model.fp16.safetensors, model.fp16-00001-of-00002.safetensors,
# model.safetensors.index.fp16.json, and the last two as older versions did.
_SHARD = r"-\d+-of-\d+"
_NAME = re.compile(
    rf"(?:model|diffusion_pytorch_model)(?:{_SHARD})?(?:\.(?P<variant>[^.]+?))?(?:{_SHARD})?\.safetensors"
    r"(?:\.index(?:\.(?P<of_index>[^.]+))?\.json)?"
)


def weight_files(folder: Path) -> dict[str | None, list[Path]]:
    """Files of weights, with their indexes, by variant; None stands for those without one."""
    files: dict[str | None, list[Path]] = {}
    for file in sorted(folder.glob("*.safetensors*")):
        match = _NAME.fullmatch(file.name)
        if match:
            files.setdefault(match["variant"] or match["of_index"], []).append(file)
    return files


def choose_variant(observer: str, folders: Sequence[Path], wanted: str | None) -> dict[Path, str | None]:
    """The variant of the weights in each folder.

    Parameters
    ----------
    observer : str
        For messages.
    folders : sequence of Path
        Those of a model's networks.
    wanted : str or None
        What the row says. Networks that lack this variant are taken without one, as by diffusers. If it is None,
        weights without a variant are taken, or the only variant that all networks can be loaded with.

    Returns
    -------
    dict of Path to str or None

    Raises
    ------
    InputError
        A folder has no weights, or not those wanted, or there are several variants to choose from.
    """
    found = {folder: set(weight_files(folder)) for folder in folders}
    for folder, variants in found.items():
        if not variants:
            raise InputError(f"{observer}: {folder} holds no weights, expected a *.safetensors file")
    known = sorted({variant for variants in found.values() for variant in variants if variant})
    complete = [one for one in (None, *known) if all(variants & {one, None} for variants in found.values())]
    place = folders[0].parent if len(folders) > 1 else folders[0]
    if wanted is None:
        if None not in complete and len(complete) != 1:
            fault = f"expected `variant`, one of {', '.join(complete)}" if complete else "no variant has all networks"
            raise InputError(f"{observer}: {place} has variants of weights ({', '.join(known)}): {fault}")
        wanted = complete[0]
    elif wanted not in known or wanted not in complete:
        listed = ", ".join(known) or "none"
        raise InputError(f"{observer}: {place} holds no complete weights of variant {wanted!r}, only of: {listed}")
    return {folder: wanted if wanted in variants else None for folder, variants in found.items()}


def check_files(observer: str, folder: Path, variant: str | None) -> None:
    """Raise InputError if files of weights are not whole, or do not agree with their index."""
    files = weight_files(folder)[variant]
    indexes = [file for file in files if file.suffix == ".json"]
    shards = {file.name for file in files if re.search(_SHARD, file.name)}
    if shards and not indexes:
        raise InputError(
            f"{observer}: {folder} has {min(shards)}, but no index of such files, *.safetensors.index.json"
        )
    for file in files:
        if file.suffix == ".safetensors":
            tensor_names(observer, file)
    for index in indexes:
        _check_index(observer, index, shards)


def tensor_names(observer: str, file: Path) -> list[str]:
    """Names of the tensors of a file, from its header; InputError if the file is not whole."""
    try:
        with safe_open(file, framework="pt") as tensors:
            return list(tensors.keys())
    except (SafetensorError, OSError) as error:
        raise InputError(f"{observer}: {file} is not a whole safetensors file ({one_line(error)})") from error


def shapes(files: Iterable[Path]) -> dict[str, tuple[int, ...]]:
    """Shapes of the tensors of files by name, from their headers."""
    found = {}
    for file in files:
        with safe_open(file, framework="pt") as tensors:
            found |= {name: tuple(tensors.get_slice(name).get_shape()) for name in tensors.keys()}  # noqa: SIM118
    return found


def _check_index(observer: str, index: Path, shards: set[str]) -> None:
    """Raise InputError unless an index names all tensors of the shards, which are in its own folder."""
    table = read_json(observer, index).get("weight_map")
    if not isinstance(table, dict) or not table or not all(isinstance(name, str) for name in table.values()):
        raise InputError(f"{observer}: {index} has no weight_map, expected a file's name for every tensor")
    named = set(table.values())
    for name in sorted(named):
        if Path(name).name != name:
            raise InputError(f"{observer}: {index} names {name!r}, expected the names of files in its own folder")
        if not (index.parent / name).is_file():
            raise InputError(f"{observer}: {index} names {name!r}, but there is no such file")
    if shards - named:
        raise InputError(f"{observer}: {index} does not name {min(shards - named)}, which lies next to it")
    # A tensor that the index names but no file has is found when the network is loaded: it may be a tied one.
    held = {(tensor, name) for name in named for tensor in tensor_names(observer, index.parent / name)}
    for tensor, name in sorted(held - set(table.items())):
        raise InputError(f"{observer}: {index} does not name {name} as the file of tensor {tensor}, which it holds")
