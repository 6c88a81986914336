"""Weights of discriminative networks: from torchvision, timm, files at addresses or of this machine, or packages."""

import re
from collections import OrderedDict
from importlib import import_module
from importlib.resources import files as resources
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file

from generative_classifiers.io.errors import InputError, one_line
from generative_classifiers.io.paths import DOWNLOADS, ROOT, project_file
from generative_classifiers.models.loading import hub
from generative_classifiers.models.loading.complete_weights import load_tensors
from generative_classifiers.models.loading.networks import build
from generative_classifiers.models.loading.safetensors_files import tensor_names
from generative_classifiers.models.loading.weight_hashes import check_hash, checked_hash, file_hash
from generative_classifiers.stimuli.downloads import fetch
from generative_classifiers.study.weight_files import DownloadedFile, LocalFile, WeightFile

WHOLE_FILE = WeightFile(sha256=None)  # its tensors have the names that the network gives them
WEIGHTS = "model.safetensors"  # what timm calls them on the hub


class FoundFile(NamedTuple):
    """A file of weights on this machine, and its row in the registry."""

    described: WeightFile
    path: Path


def load_network(observer, row, path=None, mirror=None):
    """The network of a row, with its weights.

    Parameters
    ----------
    observer : str
        For messages.
    row : study.observers.DiscriminativeObserver
    path : Path, optional
        File of the weights, safetensors or of torch, instead of where the row says.
    mirror : str, optional
        As for `stimuli.downloads.fetch`.

    Returns
    -------
    network : torch.nn.Module
    identity : dict
        network and settings (the row's), weights (SHA-256, of several files a list), revision (commit of the hub).

    Raises
    ------
    InputError
        The weights are missing, cannot be reached, are not those expected, or are not those of the network.
    """
    network = build(observer, row)  # first, so that a wrong row is reported before large files are downloaded
    if path is None:
        files, revision = SOURCES[row.source](observer, row, mirror)
    else:
        files, revision = [FoundFile(WHOLE_FILE, Path(path))], None
    hashes = [_hash(observer, file) for file in files]
    places = ", ".join(str(file.path) for file in files)
    load_tensors(observer, places, network, merged(observer, files))
    return network, {
        "network": row.network,
        "settings": row.settings.model_dump(exclude_none=True),
        "weights": hashes[0] if len(hashes) == 1 else hashes,
        "revision": revision,
    }


def _hash(observer, file):
    """SHA-256 of a file; InputError if it cannot be read, or if the registry expects another."""
    if isinstance(file.described, DownloadedFile) and file.described.sha256:
        return file.described.sha256  # the download has checked it
    return checked_hash(observer, file.path, file.described.sha256)


def merged(observer, files):
    """Tensors by their names in the network.

    Parameters
    ----------
    observer : str
        For messages.
    files : list of FoundFile
        Their tensors together are the network's.

    Returns
    -------
    collections.OrderedDict of str to torch.Tensor

    Raises
    ------
    InputError
        A file cannot be read, or a tensor comes twice.
    """
    state = OrderedDict()
    for described, path in files:
        tensors = read_tensors(observer, path, described.key)
        for name, tensor in _renamed(tensors, described.prefix or "", described.place or ""):
            if name in state:
                raise InputError(f"{observer}: {path}: tensor {name} comes twice, expected once")
            state[name] = tensor
        if not (described.prefix or described.place):
            # The modules' versions, without which some modules cannot read old files.
            state._metadata = getattr(tensors, "_metadata", {})
    return state


def read_tensors(observer, path, key=None):
    """Tensors of a file of safetensors or of torch, which may hold nothing but tensors and plain data.

    Parameters
    ----------
    observer : str
        For messages.
    path : Path
    key : str, optional
        Where in the file the tensors are.

    Returns
    -------
    dict of str to torch.Tensor
        By their names in the file.

    Raises
    ------
    InputError
        The file cannot be read, or holds something else.
    """
    content = _content(observer, path)
    if key is not None:
        if not (isinstance(content, dict) and key in content):
            keys = ", ".join(map(str, content)) if isinstance(content, dict) else type(content).__name__
            raise InputError(f"{observer}: {path} has no key {key!r}, only {keys[:200]}")
        content = content[key]
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise InputError(f"{observer}: {path} holds a {type(content).__name__}, expected tensors by name")
    return content


def _content(observer, path):
    if path.suffix == ".safetensors":
        tensor_names(observer, path)
        return load_file(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # zip archives, pickle and torch each have errors of their own
        fault = "cannot be read as weights, expected safetensors or tensors saved by torch"
        raise InputError(f"{observer}: {path} {fault} ({one_line(error, 120)})") from error


def _renamed(tensors, prefix, place):
    """The tensors whose names begin with a prefix (a regular expression), with `place` in its stead."""
    for name, tensor in tensors.items():
        match = re.match(prefix, name)
        if match:
            yield place + name[match.end() :], tensor


def _from_torchvision(observer, row, mirror):
    own = project_file(row.weights)
    if own:
        return [FoundFile(WeightFile(sha256=row.sha256), own)], None
    path = _fetch(observer, torchvision_weights(observer, row).url, row.sha256, mirror)
    # Torchvision's names of files end with the first digits of their SHA-256.
    found, first_digits = file_hash(path), path.stem.rpartition("-")[2]
    check_hash(observer, path, found[: len(first_digits)], first_digits)
    return [FoundFile(WHOLE_FILE, path)], None


def torchvision_weights(observer, row):
    """The member of torchvision's enumeration that a row names; InputError if there is none."""
    models = import_module("torchvision.models")
    try:
        return models.get_model_weights(row.network)[row.weights]
    except (ValueError, KeyError) as error:
        name = f"{row.weights!r} of {row.network!r}"
        raise InputError(f"{observer}: torchvision has no weights {name}, and there is no such file") from error


def timm_repository(row):
    """Hub id of the weights of a row of timm."""
    return f"timm/{row.network}"


def _from_timm(observer, row, mirror):
    if row.weights:
        return [FoundFile(WeightFile(sha256=row.sha256), _own_file(observer, row.weights))], None
    path, commit = hub.download(observer, timm_repository(row), WEIGHTS, row.revision)
    return [FoundFile(WHOLE_FILE, path)], commit


def _from_training(observer, row, mirror):
    if row.weights is None:
        raise InputError(f"{observer}: no file is given as its weights")
    return [FoundFile(WeightFile(sha256=row.sha256), _own_file(observer, row.weights))], None


def _from_files(observer, row, mirror):
    return [FoundFile(file, _local_path(observer, file, mirror)) for file in row.files], None


def _local_path(observer, file, mirror):
    """Where a file of a row is on this machine; it is downloaded if it has an address."""
    if isinstance(file, DownloadedFile):
        return _fetch(observer, file.url, file.sha256, mirror)
    if isinstance(file, LocalFile):
        return _own_file(observer, file.path)
    try:
        return Path(str(resources(file.package) / file.file))
    except ModuleNotFoundError as error:
        raise InputError(f"{observer}: package {file.package}, which has its weights, is not installed") from error


def _own_file(observer, name):
    """A file that a row names, relative to the project's root; InputError if there is none."""
    found = project_file(name)
    if not found:
        raise InputError(f"{observer}: there is no file {ROOT / name}, which the row names as weights")
    return found


def _fetch(observer, url, sha256, mirror):
    try:
        return fetch(url, sha256, DOWNLOADS, mirror)
    except InputError as error:
        raise InputError(f"{observer}: {error}") from error


# By the row's `source`.
SOURCES = {
    "torchvision": _from_torchvision,
    "timm": _from_timm,
    "training": _from_training,
    "checkpoint": _from_files,
    "package": _from_files,
}
