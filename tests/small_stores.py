"""What a small store of each kind holds."""

import numpy as np
import xarray as xr

NAMES = np.array(["a.png", "été.png", ""])


def stimuli():
    """Images, of which one is black."""
    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    pixels[0] = 0
    return xr.Dataset(
        {"image": (("image", "y", "x", "channel"), pixels)},
        {"name": ("image", NAMES), "condition": ("image", ["all"] * 3)},
    )


def decisions():
    """Responses of two observers; those of the second are all the first category."""
    return xr.Dataset(
        {"response": (("observer", "image"), np.array([[3, 15, -1], [0, 0, 0]], np.int8))},
        {
            "observer": ["subject-01", "a-model-with-a-long-name"],
            "is_reference": ("observer", [True, False]),
            "name": ("image", NAMES),
            "margin": ("image", [0.5, np.nan, 0.0]),
        },
    )


def metrics():
    """Numbers of which some are undefined."""
    interval = np.array([[0.1, 0.2], [np.nan, np.nan]])
    return xr.Dataset(
        {"accuracy": ("observer", [0.15, np.nan]), "images": ("observer", np.array([3, 0]))},
        {"observer": ["cnn", "human"], "bound": ["low", "high"], "interval": (("observer", "bound"), interval)},
        {"dataset": "colour"},
    )


def examples():
    """Example images with a reconstruction for each category."""
    chance = np.random.default_rng(1)
    pixels = ("y", "x", "channel")
    return xr.Dataset(
        {
            "stimulus": (("image", *pixels), chance.integers(0, 256, (2, 4, 4, 3), dtype=np.uint8)),
            "reconstruction": (("image", "category", *pixels), np.zeros((2, 2, 4, 4, 3), np.uint8)),
            "distance": (("image", "category"), np.array([[0.5, 0.7], [0.0, 0.0]], np.float32)),
        },
        {"category": ["cat", "dog"], "name": ("image", ["a", "b"])},
    )


def evidence():
    """Losses of which pruning spared some."""
    losses = np.array([[[0.5, np.nan], [0.7, 0.1]], [[0.0, 0.0], [0.0, 0.0]]], np.float32)
    return xr.Dataset(
        {"loss": (("image", "category", "draw"), losses)},
        {"category": ["cat", "dog"], "name": ("image", ["a", "b"]), "time": ("draw", [0.2, 0.8])},
    )


KINDS = {
    "stimuli": stimuli,
    "evidence": evidence,
    "examples": examples,
    "decisions": decisions,
    "metrics": metrics,
}


def files(folder):
    """Content by path of all files of a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
