"""Networks by rows of the registry: a library builds them, a source has their weights. There is no code per network."""

import re
from collections import OrderedDict
from importlib import import_module
from importlib.resources import files as resources
from pathlib import Path

import torch
from huggingface_hub import hf_hub_download
from safetensors.torch import load_file

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.paths import DOWNLOADS
from generative_classifiers.models.loading.hub import advice
from generative_classifiers.models.loading.weight_hashes import check_hash, file_hash
from generative_classifiers.stimuli.downloads import fetch
from generative_classifiers.study.observers import IMAGENET_CLASSES
from generative_classifiers.study.weight_files import DownloadedFile, WeightFile

WHOLE_FILE = WeightFile(sha256=None)  # its tensors are the network's, by their names
WEIGHTS = "model.safetensors"  # what timm calls them on the hub
OWN = {"small_cnn": "small_cnn.SmallCNN", "wide_resnet50": "wide_resnet.WideResNet50"}


def build(observer, row, classes=None):
    """The network of a row, with random weights.

    Parameters
    ----------
    observer : str
        For messages.
    row : dict
        `network`, its name in `library` (without one: in `source`), and optionally `settings` of it and `classes`.
    classes : int, optional
        Instead of the row's.

    Returns
    -------
    torch.nn.Module
        Maps images (image, 3, y, x) to logits (image, class).

    Raises
    ------
    InputError
        Of a library or a network that there is not.
    """
    settings = row.settings.model_dump(exclude_none=True)
    try:
        return LIBRARIES[row.library](row.network, classes or row.classes or IMAGENET_CLASSES, settings)
    except (ValueError, KeyError, TypeError, RuntimeError) as error:  # each library has its own
        raise InputError(f"{observer}: {row.library} cannot build {row.network!r} ({error})") from error


def packages(row):
    """Distributions whose versions a network's logits depend on."""
    return ("torch",) if row.library == "own" else ("torch", row.library)


def _torchvision(name, classes, settings):
    return import_module("torchvision.models").get_model(name, weights=None, num_classes=classes, **settings)


def _timm(name, classes, settings):
    return import_module("timm").create_model(name, pretrained=False, num_classes=classes, **settings)


def _efficientnet_lite_pytorch(name, classes, settings):
    network = import_module("efficientnet_lite_pytorch").EfficientNet
    return network.from_name(name, num_classes=classes, **settings)


def _own(name, classes, settings):
    module, kind = OWN[name].split(".")
    return getattr(import_module(f"generative_classifiers.models.classifiers.{module}"), kind)(classes, **settings)


# By the names of their distributions. Imported when asked for: no job waits for a library that it does without.
LIBRARIES = {
    "torchvision": _torchvision,
    "timm": _timm,
    "efficientnet_lite_pytorch": _efficientnet_lite_pytorch,
    "own": _own,
}


def load(observer, row, path=None, mirror=None):
    """The network of a row, with its weights.

    Parameters
    ----------
    observer : str
        For messages.
    row : dict
        As for `build`, and where its weights are: by `source`
        torchvision: `weights`, a member of the network's enumeration there;
        timm: the hub's repository timm/<network>, at `revision`;
        checkpoint, package: `files` by `url`, or by `package` and `file` in it, with the `sha256` if it is known, whose
        tensors together are the network's. `key` is where a file has them; of each name a `prefix` (regular
        expression) goes, names without it are left out, and `place` comes before the rest;
        training: no place of its own, `path` is needed.
    path : Path, optional
        File of the weights, safetensors or of torch, instead of where the row says.
    mirror : str, optional
        As for `downloads.fetch`.

    Returns
    -------
    network : torch.nn.Module
    identity : dict
        network and settings (the row's), weights (SHA-256, of several files a list), revision (commit of the hub).

    Raises
    ------
    InputError
        Weights that are missing, out of reach, others than expected, or not those of the network.
    """
    if path is None and row.source not in SOURCES:
        raise InputError(f"{observer}: no file is given as its weights")
    network = build(observer, row)  # wrong rows are told before large files are downloaded
    files, revision = ([(WHOLE_FILE, Path(path))], None) if path else SOURCES[row.source](observer, row, mirror)
    try:
        hashes = [_checked(observer, *file) for file in files]
        network.load_state_dict(merged(files))
    except InputError:
        raise
    except Exception as error:  # safetensors, pickle and torch each have errors of their own
        places = ", ".join(str(place) for _, place in files)
        raise InputError(f"{observer}: {places} is not the weights of a {type(network).__name__} ({error})") from error
    identity = {"network": row.network, "settings": row.settings.model_dump(exclude_none=True)}
    return network, identity | {"weights": hashes[0] if len(hashes) == 1 else hashes, "revision": revision}


def _checked(observer, file, path):
    """SHA-256 of a file, as the registry expects it."""
    found = file_hash(path)
    check_hash(observer, path, found, file.sha256)
    return found


def merged(files):
    """Tensors by name of all that files give to a network: see `load`."""
    state = OrderedDict()
    for file, path in files:
        part = _read(file, path)
        state.update(_renamed(part, re.compile(file.prefix or ""), file.place or ""))
        if not (file.prefix or file.place):
            state._metadata = getattr(part, "_metadata", {})  # versions of the modules, by which some read old files
    return state


def _read(file, path):
    if path.suffix == ".safetensors":
        state = load_file(path)
    else:
        state = torch.load(path, map_location="cpu", weights_only=True)
    return state if file.key is None else state[file.key]


def _renamed(state, prefix, place):
    """Name and tensor of all that begin with the prefix."""
    for name, tensor in state.items():
        found = prefix.match(name)
        if found:
            yield place + name[found.end() :], tensor


def _from_torchvision(observer, row, mirror):
    path = _fetched(observer, entry(observer, row).url, None, mirror)
    # Torchvision names a file by how its SHA-256 begins.
    found, begin = file_hash(path), path.stem.rpartition("-")[2]
    check_hash(observer, path, found[: len(begin)], begin)
    return [(WHOLE_FILE, path)], None


def entry(observer, row):
    """A member of torchvision's enumeration of a network's weights."""
    models = import_module("torchvision.models")
    try:
        return models.get_model_weights(row.network)[row.weights]
    except (ValueError, KeyError) as error:
        name = f"{row.weights!r} of {row.network!r}"
        raise InputError(f"{observer}: torchvision has no weights {name}") from error


def repository(row):
    """Where timm keeps the weights of a row on the hub."""
    return f"timm/{row.network}"


def _from_hub(observer, row, mirror):
    """Weights that timm keeps on the hub: huggingface_hub has a mirror setting of its own, HF_ENDPOINT."""
    source = repository(row)
    try:
        path = Path(hf_hub_download(source, WEIGHTS, revision=row.revision))
    except (OSError, ValueError) as error:  # what the hub's errors derive from
        raise InputError(f"{observer}: {source} is not within reach: {advice(error, source)}") from error
    return [(WHOLE_FILE, path)], path.parent.name


def _from_files(observer, row, mirror):
    return [(file, _place(observer, file, mirror)) for file in row.files], None


def _place(observer, file, mirror):
    """Where a file is, downloaded if it has an address."""
    if isinstance(file, DownloadedFile):
        return _fetched(observer, file.url, file.sha256, mirror)
    try:
        return Path(str(resources(file.package) / file.file))
    except ModuleNotFoundError as error:
        raise InputError(f"{observer}: package {file.package}, which has its weights, is not installed") from error


def _fetched(observer, url, sha256, mirror):
    try:
        return fetch(url, sha256, DOWNLOADS, mirror)
    except InputError as error:
        raise InputError(f"{observer}: {error}") from error


SOURCES = {
    "torchvision": _from_torchvision,
    "timm": _from_hub,
    "checkpoint": _from_files,
    "package": _from_files,
}
