"""Distortions of a user's own images: any folder of images becomes datasets of distorted images."""

import sys
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
from generative_classifiers.stimuli.image_names import image_names
from generative_classifiers.stimuli.square_images import read_image

SMALLEST, LARGEST = 16, 65536  # pixels along a side
BATCH = 32  # images that are distorted at once: 40 MB of float64 at 224 x 224 pixels


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
        Images at `<category>/<image>`, or directly in the folder. Files that are not images by their names are skipped,
        with a note on stderr.
    out : Path
        Folder for the stores `<dataset>.zarr`, not inside `folder`. Stimuli are named
        `<condition>/<category>/<image>.png`.
    datasets : sequence of str, optional
        Keys of `distortions.DISTORTIONS`; by default the 12 of the benchmark.
    size : int, optional
        Pixels along a side to which the central square of each image is resized. Lengths of distortions scale with it.
        Conditions that need larger images are left out, with a note on stderr.
    seed : int, optional
        Seed of noise, phases, eidolons and of the spreading.
    spread : bool, optional
        Whether each image is shown in one condition only, as in the benchmark. The images of each category are spread
        over the conditions as evenly as their number allows. By default every image is shown in all conditions.
    png : bool, optional
        Whether to write each stimulus as an image file too, at `<dataset>/<its name>`.

    Returns
    -------
    dict of str to Path
        The store of each dataset.

    Raises
    ------
    InputError
        A dataset is unknown, an output exists, the folder is missing, has no images or one that cannot be read, or
        there are fewer images than conditions to spread them over. Nothing has been written then.
    """
    folder, out = Path(folder), Path(out)
    datasets = list(dict.fromkeys(distortions.OF_BENCHMARK if datasets is None else datasets))
    names = image_names(folder, note=True)
    _check_places(folder, out)
    _check_names(folder, names)
    if not SMALLEST <= size <= LARGEST:
        raise InputError(f"size {size}: expected {SMALLEST} to {LARGEST} pixels along a side")
    for dataset in datasets:
        _check_dataset(dataset, folder, out, len(names), size, spread)
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
    """A temporary folder for what is unfinished. If nothing is finished in the end, `out` is removed again."""
    try:
        with TemporaryDirectory(dir=out, prefix=".distort-") as place:
            yield Path(place)
    finally:
        if not any(out.iterdir()):
            out.rmdir()


def _check_places(folder, out):
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file; expected a folder")
    if out.resolve().is_relative_to(folder.resolve()):
        raise InputError(f"{out}: is inside the folder of images, {folder}; expected a place outside of it")


def _check_names(folder, names):
    """Raise InputError if two images would become the same PNG."""
    first = {}
    for name in names:
        if first.setdefault(_png(name), name) != name:
            raise InputError(f"{folder}: {first[_png(name)]} and {name} would both be {_png(name)}")


def _check_dataset(dataset, folder, out, images, size, spread):
    """Raise InputError if a dataset is unknown, exists, or has more conditions than there are images to spread."""
    if dataset not in distortions.DISTORTIONS:
        raise InputError(f"{dataset!r} is no dataset; expected one of {', '.join(distortions.DISTORTIONS)}")
    row = distortions.DISTORTIONS[dataset]
    conditions = len(row.conditions_at(size))
    if conditions < len(row.strengths):
        left_out = ", ".join(name for name in row.strengths if name not in row.conditions_at(size))
        print(f"{dataset}: without {left_out}, which need more than {size} pixels along a side", file=sys.stderr)
    if spread and images < conditions:
        raise InputError(f"{folder}: {images} images; expected at least {conditions} to spread in {dataset}")
    for path in (_store(out, dataset), out / dataset):
        if path.exists():
            raise InputError(f"{path}: exists and is not replaced; expected another place, or other datasets")


def _png(name):
    return PurePosixPath(name).with_suffix(".png").as_posix()


def _array(path, count, size):
    """An array uint8 (image, y, x, channel) on disk, since images may need more memory than there is."""
    return np.memmap(path, np.uint8, "w+", shape=(count, size, size, 3))


def _batches(rows):
    return [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]


def _read(folder, names, size, place):
    images = _array(place / "images", len(names), size)
    for i, name in enumerate(tqdm(names, "images", unit=" images", disable=None)):
        images[i] = read_image(folder / name, size)
    return images


def _stimuli(images, names, dataset, seed, spread, place):
    """Stimuli of one dataset: the conditions one after the other, in each of them the images in the order of names."""
    conditions = distortions.DISTORTIONS[dataset].conditions_at(images.shape[1])
    shown = _images_by_condition(names, dataset, conditions, seed, spread)
    pixels = _array(place / "pixels", sum(map(len, shown.values())), images.shape[1])
    options = {"amplitude": _amplitude(images)} if dataset == "power-equalisation" else {}
    done = 0
    with tqdm(total=len(pixels), desc=dataset, unit=" images", disable=None) as bar:
        for condition, numbers in shown.items():
            for batch in _batches(numbers):
                batch_names = [names[i] for i in batch]
                distorted = distortions.distort(images[batch], dataset, condition, batch_names, seed, **options)
                pixels[done : done + len(batch)] = distorted
                done += len(batch)
                bar.update(len(batch))
    return xr.Dataset({"image": (("image", "y", "x", "channel"), pixels)}, coords=_coords(shown, names))


def _images_by_condition(names, dataset, conditions, seed, spread):
    """The images that each condition shows: arrays of numbers."""
    if not spread:
        return dict.fromkeys(conditions, np.arange(len(names)))
    # The images of each category are shuffled, and the conditions take turns in taking the next image.
    random = [generator("spread", name, dataset, seed).random() for name in names]
    folders = [PurePosixPath(name).parent.as_posix() for name in names]
    order = np.lexsort((random, folders))
    return {condition: np.sort(order[k :: len(conditions)]) for k, condition in enumerate(conditions)}


def _coords(shown, names):
    """Name, category and condition of each stimulus. The category is the name of the folder, or '' without a folder."""
    pairs = [(condition, names[i]) for condition, numbers in shown.items() for i in numbers]
    columns = {
        "name": [f"{condition}/{_png(name)}" for condition, name in pairs],
        "category": [PurePosixPath(name).parent.name for _, name in pairs],
        "condition": [condition for condition, _ in pairs],
    }
    return {key: ("image", np.array(values, object)) for key, values in columns.items()}


def _amplitude(images):
    """Mean amplitude spectrum (y, x) of all images, in grey."""
    return mean_amplitude(luma(images[batch] / 255) for batch in _batches(np.arange(len(images))))


def _write_png(stimuli, place):
    """Write each stimulus as an image file with its name."""
    for name, pixels in zip(stimuli["name"].values, stimuli["image"].values, strict=True):
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
