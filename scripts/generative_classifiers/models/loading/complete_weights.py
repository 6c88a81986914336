"""Weights are all there, or nothing runs: what a network needs is compared with what its files hold.

All loaders use this module. Exceptions are a class's own: tied weights, names that it ignores, and buffers that it
computes itself, which older files still carry.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any

import torch

from generative_classifiers.io.errors import InputError, one_line
from generative_classifiers.models.loading.safetensors_files import shapes, weight_files

Shape = tuple[int, ...]


def load_pretrained(
    observer: str, network_class: Any, folder: Path, variant: str | None, dtype: torch.dtype
) -> torch.nn.Module:
    """A network of diffusers or transformers with the weights in its folder.

    Parameters
    ----------
    observer : str
        For messages.
    network_class : type
        A model class of diffusers or transformers.
    folder : Path
        With the class's configuration and safetensors.
    variant : str or None
        Of the files, for example "fp16".
    dtype : torch.dtype

    Returns
    -------
    torch.nn.Module
        On the CPU, for evaluation.

    Raises
    ------
    InputError
        The files lack tensors, or have others, or of other shapes; or the folder does not hold such a network.
    """
    settings = {"variant": variant, "dtype": dtype, "use_safetensors": True, "local_files_only": True}
    try:
        with _quiet(network_class):
            network, found = network_class.from_pretrained(folder, output_loading_info=True, **settings)
    except Exception as error:  # the libraries, safetensors and torch each have errors of their own
        _check_shapes_of_files(observer, network_class, folder, variant)
        name = network_class.__name__
        raise InputError(f"{observer}: {folder} cannot be loaded as a {name} ({one_line(error)})") from error
    check_names(observer, folder, network, found["missing_keys"], found["unexpected_keys"])
    return network


def load_tensors(observer: str, place: str | Path, network: torch.nn.Module, tensors: Mapping[str, torch.Tensor]):
    """Fill a network of any library with tensors.

    Parameters
    ----------
    observer : str
        For messages.
    place : str or Path
        Where the tensors are from, for messages.
    network : torch.nn.Module
    tensors : dict of str to torch.Tensor
        By their names in the network.

    Raises
    ------
    InputError
        Tensors are missing, or there are others, or of other shapes, or something that is no tensor.
    """
    for name, tensor in tensors.items():
        if not isinstance(tensor, torch.Tensor):
            kind = type(tensor).__name__
            raise InputError(f"{observer}: {place}: {name} is a {kind}, not a tensor; `key` says where tensors are")
    found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    check_shapes(observer, place, type(network).__name__, shapes_of(network), found)
    # Names are compared by our own function, since torch's message has one line for each.
    keys = network.load_state_dict(tensors, strict=False)
    check_names(observer, place, network, keys.missing_keys, keys.unexpected_keys)


def check_names(
    observer: str,
    place: str | Path,
    network: torch.nn.Module,
    missing: Collection[str],
    unexpected: Collection[str],
) -> None:
    """Raise InputError if tensors are missing or in excess, or if a tensor was left without values.

    Parameters
    ----------
    observer, place
        As for `load_tensors`.
    network : torch.nn.Module
        After it was loaded.
    missing, unexpected : collection of str
        What the library says that loaded it.
    """
    expected, buffers = shapes_of(network), {name for name, _ in network.named_buffers()}
    # In the network's order, so that the first is the first that the network uses.
    lacks = [name for name in expected if name in set(missing)] or sorted(missing)
    others = sorted(set(unexpected) - buffers)
    faults = []
    if lacks:
        shape = f", expected with shape {expected[lacks[0]]}" if lacks[0] in expected else ""
        faults.append(f"tensors missing: {len(lacks)} of {len(expected)}, the first is {lacks[0]}{shape}")
    if others:
        faults.append(f"tensors that it has no place for: {len(others)}, the first is {others[0]}")
    if faults:
        raise _misfit(observer, place, type(network).__name__, "; ".join(faults))
    for name, tensor in chain(network.named_parameters(), network.named_buffers()):
        if tensor.is_meta:
            raise _misfit(observer, place, type(network).__name__, f"{name} has no values after loading")


def check_shapes(
    observer: str, place: str | Path, kind: str, expected: Mapping[str, Shape], found: Mapping[str, Shape]
) -> None:
    """Raise InputError if tensors have other shapes than those of a network.

    Parameters
    ----------
    observer, place
        As for `load_tensors`.
    kind : str
        The network's class.
    expected, found : dict of str to tuple of int
        Shapes by the tensors' names in the network.
    """
    # PyTorch before 0.4 had no scalars, and still reads what it wrote for them.
    differ = [name for name, shape in expected.items() if name in found and found[name] not in (shape, shape or (1,))]
    if differ:
        name = differ[0]
        raise _misfit(
            observer,
            place,
            kind,
            f"tensors of another shape: {len(differ)} of {len(expected)}, the first is {name} with {found[name]}, "
            f"expected {expected[name]}",
        )


def shapes_of(network: torch.nn.Module) -> dict[str, Shape]:
    """Shapes of a network's tensors by their names."""
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def _misfit(observer: str, place: str | Path, kind: str, fault: str) -> InputError:
    return InputError(f"{observer}: {place} does not hold the weights of a {kind}: {fault}")


def _check_shapes_of_files(observer: str, network_class: Any, folder: Path, variant: str | None) -> None:
    """Raise InputError if that a network could not be loaded is due to shapes.

    The libraries would name neither tensor nor shape, or several lines of advice.
    """
    try:
        with torch.device("meta"), _quiet(network_class):
            network = _without_weights(network_class, folder)
        found = shapes(file for file in weight_files(folder).get(variant, []) if file.suffix == ".safetensors")
    except Exception:  # the network cannot even be built, as the libraries' own error says
        return
    check_shapes(observer, folder, network_class.__name__, shapes_of(network), found)


def _without_weights(network_class: Any, folder: Path) -> torch.nn.Module:
    """The network that a folder's configuration describes."""
    if hasattr(network_class, "config_class"):  # of transformers
        return network_class(network_class.config_class.from_pretrained(folder, local_files_only=True))
    return network_class.from_config(network_class.load_config(folder, local_files_only=True))


@contextmanager
def _quiet(network_class: Any) -> Iterator[None]:
    """Without the reports of a class's library, since an error says the same in one line."""
    logging = import_module(f"{network_class.__module__.partition('.')[0]}.utils.logging")
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)
