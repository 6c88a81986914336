"""Weights of discriminative networks: from torchvision, timm, files at addresses, or installed packages."""

import re
from collections import OrderedDict
from importlib import import_module
from importlib.resources import files as resources
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.paths import DOWNLOADS
from generative_classifiers.models.loading import hub
from generative_classifiers.models.loading.networks import build
from generative_classifiers.models.loading.weight_hashes import check_hash, file_hash
from generative_classifiers.stimuli.downloads import fetch
from generative_classifiers.study.weight_files import DownloadedFile, WeightFile

WHOLE_FILE = WeightFile(sha256=None)  # its tensors have the names that the network gives them
WEIGHTS = "model.safetensors"  # what timm calls them on the hub


class LocalFile(NamedTuple):
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
    if path is None and row.source not in SOURCES:
        raise InputError(f"{observer}: no file is given as its weights")
    network = build(observer, row)  # first, so that a wrong row is reported before large files are downloaded
    if path is None:
        files, revision = SOURCES[row.source](observer, row, mirror)
    else:
        files, revision = [LocalFile(WHOLE_FILE, Path(path))], None
    try:
        hashes = [_checked_hash(observer, file) for file in files]
        network.load_state_dict(merged(files))
    except InputError:
        raise
    except Exception as error:  # safetensors, pickle and torch each have errors of their own
        paths = ", ".join(str(file.path) for file in files)
        kind = type(network).__name__
        raise InputError(f"{observer}: {paths} does not hold the weights of a {kind} ({error})") from error
    return network, {
        "network": row.network,
        "settings": row.settings.model_dump(exclude_none=True),
        "weights": hashes[0] if len(hashes) == 1 else hashes,
        "revision": revision,
    }


def _checked_hash(observer, file):
    """SHA-256 of a file; InputError if the registry expects another."""
    found = file_hash(file.path)
    check_hash(observer, file.path, found, file.described.sha256)
    return found


def merged(files):
    """Tensors by their names in the network.

    Parameters
    ----------
    files : list of LocalFile
        Their tensors together are the network's.

    Returns
    -------
    collections.OrderedDict of str to torch.Tensor
    """
    state = OrderedDict()
    for described, path in files:
        tensors = _read(described, path)
        state.update(_renamed(tensors, described.prefix or "", described.place or ""))
        if not (described.prefix or described.place):
            # The modules' versions, without which some modules cannot read old files.
            state._metadata = getattr(tensors, "_metadata", {})
    return state


def _read(described, path):
    if path.suffix == ".safetensors":
        tensors = load_file(path)
    else:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    return tensors if described.key is None else tensors[described.key]


def _renamed(tensors, prefix, place):
    """The tensors whose names begin with a prefix (a regular expression), with `place` in its stead."""
    for name, tensor in tensors.items():
        match = re.match(prefix, name)
        if match:
            yield place + name[match.end() :], tensor


def _from_torchvision(observer, row, mirror):
    path = _fetch(observer, torchvision_weights(observer, row).url, None, mirror)
    # Torchvision's names of files end with the first digits of their SHA-256.
    found, first_digits = file_hash(path), path.stem.rpartition("-")[2]
    check_hash(observer, path, found[: len(first_digits)], first_digits)
    return [LocalFile(WHOLE_FILE, path)], None


def torchvision_weights(observer, row):
    """The member of torchvision's enumeration that a row names; InputError if there is none."""
    models = import_module("torchvision.models")
    try:
        return models.get_model_weights(row.network)[row.weights]
    except (ValueError, KeyError) as error:
        name = f"{row.weights!r} of {row.network!r}"
        raise InputError(f"{observer}: torchvision has no weights {name}") from error


def timm_repository(row):
    """Hub id of the weights of a row of timm."""
    return f"timm/{row.network}"


def _from_timm(observer, row, mirror):
    path, commit = hub.download(observer, timm_repository(row), WEIGHTS, row.revision)
    return [LocalFile(WHOLE_FILE, path)], commit


def _from_files(observer, row, mirror):
    return [LocalFile(file, _local_path(observer, file, mirror)) for file in row.files], None


def _local_path(observer, file, mirror):
    """Where a file of a row is on this machine; it is downloaded if it has an address."""
    if isinstance(file, DownloadedFile):
        return _fetch(observer, file.url, file.sha256, mirror)
    try:
        return Path(str(resources(file.package) / file.file))
    except ModuleNotFoundError as error:
        raise InputError(f"{observer}: package {file.package}, which has its weights, is not installed") from error


def _fetch(observer, url, sha256, mirror):
    try:
        return fetch(url, sha256, DOWNLOADS, mirror)
    except InputError as error:
        raise InputError(f"{observer}: {error}") from error


# By the row's `source`.
SOURCES = {
    "torchvision": _from_torchvision,
    "timm": _from_timm,
    "checkpoint": _from_files,
    "package": _from_files,
}
