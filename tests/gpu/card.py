"""The card: its name, its driver, what it can do at best, and how to wait for it."""

import importlib.metadata
import platform
import subprocess
import time

import torch

PACKAGES = ("torch", "transformers", "diffusers", "zarr", "numpy", "pydantic", "xarray", "open-clip-torch", "timm")
# bfloat16 operations per second of the matrix units without sparsity, from NVIDIA's data sheets. The first that fits.
PEAKS = {"H100 PCIe": 756e12, "H100": 989e12, "H200": 989e12, "A100": 312e12, "L40S": 362e12, "A10": 125e12}


def describe(device):
    """The machine, as plain data."""
    return {
        "device": device.type,
        "card": torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine(),
        "driver": driver() if device.type == "cuda" else None,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version() if device.type == "cuda" else None,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def version(package):
    """The version of an installed package; None without it."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def driver():
    """The version of the driver; None if nvidia-smi does not run."""
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return None


def peak(device):
    """bfloat16 operations per second by the data sheet; None for a card that is not in the table."""
    if device.type != "cuda":
        return None
    name = torch.cuda.get_device_name(device)
    return next((operations for known, operations in PEAKS.items() if known in name), None)


def matrix_product(device, side, repeats=10):
    """bfloat16 operations per second of the product of two square matrices of random numbers."""
    left, right = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    left @ right
    synchronise(device)
    start = time.perf_counter()
    for _ in range(repeats):
        left @ right
    synchronise(device)
    return repeats * 2 * side**3 / (time.perf_counter() - start)


def synchronise(device):
    """Wait until the card has done all that it was asked for."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def forget_peak(device):
    """Free what is cached, and begin to measure memory anew."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def peak_memory(device, reserved=False):
    """The most bytes that tensors took, or that were reserved for them; None on a CPU."""
    if device.type != "cuda":
        return None
    return (torch.cuda.max_memory_reserved if reserved else torch.cuda.max_memory_allocated)(device)
