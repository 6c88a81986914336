"""Devices: the GPUs of a workstation, one for each job, and what it takes to keep one busy."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from generative_classifiers.io.locks import claim

CLAIMS = Path(tempfile.gettempdir()) / "generative-classifiers" / "gpu"


@contextmanager
def free_device(name: str | None, count: int | None = None, claims: Path = CLAIMS) -> Iterator[str | None]:
    """A device that no other job of this machine has claimed.

    A cluster shows a job its own GPUs only. On a workstation with several GPUs, jobs that run side by side choose
    different ones.

    Parameters
    ----------
    name : str or None
        As for `base.choose_device`. Only "auto" leaves a choice.
    count : int, optional
        Number of GPUs; by default those that PyTorch sees.
    claims : Path, optional
        What the claims are about.

    Yields
    ------
    str or None
        "cuda:<number>" of a GPU that is free. If all are claimed, or if there are fewer than two, the name as it was.
    """
    count = torch.cuda.device_count() if count is None else count
    if name not in (None, "auto") or count < 2:
        yield name
        return
    for number in range(count):
        with claim(claims, str(number)) as mine:
            if mine:
                yield f"cuda:{number}"
                return
    yield name


def to_device(array: np.ndarray, device: torch.device) -> torch.Tensor:
    """An array as a tensor on a device, without waiting for what a GPU still has to do.

    Only a copy from pinned memory does not wait. So the noise of the next batches is drawn while the GPU computes.

    Parameters
    ----------
    array : numpy.ndarray
    device : torch.device
    """
    tensor = torch.from_numpy(array)
    return (tensor.pin_memory() if device.type == "cuda" else tensor).to(device, non_blocking=True)


def cast_weights(network: torch.nn.Module, dtype: torch.dtype) -> None:
    """Cast the weights that autocast would cast, those of linear layers and convolutions.

    Predictions are the same bytes. In inference mode autocast keeps no copies, so it would cast them for every batch.

    Parameters
    ----------
    network : torch.nn.Module
    dtype : torch.dtype
        The precision of autocast.
    """
    for module in network.modules():
        if isinstance(module, torch.nn.Linear | torch.nn.modules.conv._ConvNd):
            module.to(dtype)
