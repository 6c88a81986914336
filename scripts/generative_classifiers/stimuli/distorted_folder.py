"""Stimuli from a user's own images: any folder becomes the 12 parametric datasets."""

from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import numpy as np
import xarray as xr
from PIL import Image
from tqdm import tqdm

from generative_classifiers.io import stores
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.random_numbers import generator
from generative_classifiers.stimuli import distortions
from generative_classifiers.stimuli.distortions.colour import luma
from generative_classifiers.stimuli.distortions.frequency import REFERENCE_SIZE, mean_amplitude
from generative_classifiers.stimuli.images import image_names, read

SMALLEST = 16  # pixels a side
BATCH = 32  # images at once: 40 MB of float64 at 224 x 224 pixels


def distort(
    folder: str | Path,
    out: str | Path,
    datasets: Sequence[str] | None = None,
    *,
    size: int = REFERENCE_SIZE,
    seed: int = 0,
    spread: bool = False,
    png: bool = False,
) -> dict[str, Path]:
    """Make datasets of distorted images from a folder of images.

    Parameters
    ----------
    folder : Path
        Of images, `<category>/<image>` or flat. Every file in it must be an image, hidden ones (.name) aside.
    out : Path
        Gets `<dataset>.zarr` for each dataset: stimuli named `<condition>/<category>/<image>.png`. Outside of
        `folder`.
    datasets : sequence of str, optional
        Keys of `distortions.DISTORTIONS`; all 12 by default.
    size : int, optional
        Side in pixels to which each image's central square is resized; strengths scale with it.
    seed : int, optional
        Of noise, phases, eidolons and of the spreading.
    spread : bool, optional
        Show each image in one condition only, as the benchmark does: each category is spread over all
        conditions, as evenly as its number of images allows. By default each image is in all conditions.
    png : bool, optional
        Write each stimulus also as `<dataset>/<its name>`, for other programs and for people.

    Returns
    -------
    dict of str to Path
        The store of each dataset.

    Raises
    ------
    InputError
        Before anything is written: an unknown dataset, an output that exists, a folder that is missing,
        empty, or has something else than images, and fewer images than conditions to spread them over.
    """
    folder, out = Path(folder), Path(out)
    datasets = list(dict.fromkeys(distortions.DISTORTIONS if datasets is None else datasets))
    names = image_names(folder)
    _check(folder, out, datasets, names, size, spread)
    out.mkdir(parents=True, exist_ok=True)
    with _workspace(out) as place:
        images = _read(folder, names, size, place)
        for dataset in datasets:
            stimuli = _stimuli(images, names, dataset, seed, spread, place)
            stores.write(stimuli, place / "store", dataset=dataset, size=size, seed=seed, spread=spread)
            if png:
                _write_png(stimuli, place / "png")
                (place / "png").rename(out / dataset)
            (place / "store").rename(_store(out, dataset))
    return {dataset: _store(out, dataset) for dataset in datasets}


def _store(out, dataset):
    return out / f"{dataset}.zarr"


@contextmanager
def _workspace(out):
    """A folder that goes, with all that is unfinished, however this ends; no folder is left empty."""
    try:
        with TemporaryDirectory(dir=out, prefix=".distort-") as place:
            yield Path(place)
    finally:
        if not any(out.iterdir()):
            out.rmdir()


def _check(folder, out, datasets, names, size, spread):
    """Complain of what cannot work before much time is spent on it."""
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file; expected a folder")
    if out.resolve().is_relative_to(folder.resolve()):
        raise InputError(f"{out}: is inside the folder of images, {folder}; expected a place outside of it")
    if size < SMALLEST:
        raise InputError(f"size {size}: expected at least {SMALLEST} pixels a side")
    for dataset in datasets:
        if dataset not in distortions.DISTORTIONS:
            raise InputError(f"{dataset!r} is no dataset; expected one of {', '.join(distortions.DISTORTIONS)}")
        conditions = len(distortions.DISTORTIONS[dataset].strengths)
        if spread and len(names) < conditions:
            raise InputError(f"{folder}: {len(names)} images; expected at least {conditions} to spread in {dataset}")
        for path in (_store(out, dataset), out / dataset):
            if path.exists():
                raise InputError(f"{path}: exists and is not replaced; expected another place, or other datasets")
    first = {}
    for name in names:
        if first.setdefault(_png(name), name) != name:
            raise InputError(f"{folder}: {first[_png(name)]} and {name} would both be {_png(name)}")


def _png(name):
    return PurePosixPath(name).with_suffix(".png").as_posix()


def _array(path, count, size):
    """Pixels (image, y, x, channel), uint8, on disk: there may be more of them than memory holds."""
    return np.memmap(path, np.uint8, "w+", shape=(count, size, size, 3))


def _batches(rows):
    return [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]


def _read(folder, names, size, place):
    images = _array(place / "images", len(names), size)
    for i, name in enumerate(tqdm(names, "images", unit=" images", disable=None)):
        images[i] = read(folder / name, size)
    return images


def _stimuli(images, names, dataset, seed, spread, place):
    """One dataset, (image, y, x, channel): condition after condition, in each the images in order of names."""
    rows = _rows(names, dataset, seed, spread)
    pixels = _array(place / "pixels", sum(map(len, rows.values())), images.shape[1])
    options = {"amplitude": _amplitude(images)} if dataset == "power-equalisation" else {}
    done = 0
    with tqdm(total=len(pixels), desc=dataset, unit=" images", disable=None) as bar:
        for condition, wanted in rows.items():
            for batch in _batches(wanted):
                ours = [names[i] for i in batch]
                result = distortions.distort(images[batch], dataset, condition, ours, seed, **options)
                pixels[done : done + len(batch)] = result
                done += len(batch)
                bar.update(len(batch))
    return xr.Dataset({"image": (("image", "y", "x", "channel"), pixels)}, coords=_coords(rows, names))


def _coords(rows, names):
    """Name, category and condition of each stimulus; the category is the folder's name, '' without one."""
    shown = [(condition, names[i]) for condition, wanted in rows.items() for i in wanted]
    columns = {
        "name": [f"{condition}/{_png(name)}" for condition, name in shown],
        "category": [PurePosixPath(name).parent.name for _, name in shown],
        "condition": [condition for condition, _ in shown],
    }
    return {key: ("image", np.array(values, object)) for key, values in columns.items()}


def _rows(names, dataset, seed, spread):
    """Which images are in which condition: positions by condition."""
    conditions = list(distortions.DISTORTIONS[dataset].strengths)
    everything = np.arange(len(names))
    if not spread:
        return dict.fromkeys(conditions, everything)
    # Shuffled inside each category, then dealt out one by one.
    lots = [generator("spread", name, dataset, seed).random() for name in names]
    order = np.lexsort((lots, [PurePosixPath(name).parent.as_posix() for name in names]))
    return {condition: np.sort(order[k :: len(conditions)]) for k, condition in enumerate(conditions)}


def _amplitude(images):
    """Mean amplitude spectrum (y, x) of all images, grey."""
    return mean_amplitude(luma(images[batch] / 255) for batch in _batches(np.arange(len(images))))


def _write_png(stimuli, place):
    """One file a stimulus, at its name."""
    for name, pixels in zip(stimuli["name"].values, stimuli["image"].values, strict=True):
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
