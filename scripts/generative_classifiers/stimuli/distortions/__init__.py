"""The 12 parametric distortions of Geirhos et al. (2018, 2021), implemented anew, and noise in bands of frequencies.

Strengths and the order of the steps are those of the original stimuli (arXiv 1808.08750, 2106.07411,
github.com/rgeirhos/generalisation-humans-DNNs); none of the original code is used. Lengths are in pixels of an image
with 224 pixels along a side and scale with the image, and frequencies are in cycles per image, so that a condition has
the same effect on a scene at any size. Only uniform noise is independent from pixel to pixel at every size. All
datasets except colour and false-colour show grey images.

The functions take and return float64 images in which 1 is white. `distort` clips and rounds the results.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.random_numbers import generator
from generative_classifiers.stimuli.distortions.bands import least_size, masked
from generative_classifiers.stimuli.distortions.colour import desaturated, false_colour, luma
from generative_classifiers.stimuli.distortions.eidolons import eidolon
from generative_classifiers.stimuli.distortions.frequency import (
    high_pass,
    low_pass,
    phase_scrambling,
    power_equalisation,
)
from generative_classifiers.stimuli.distortions.pixels import contrast, rotation, uniform_noise


class Distortion(NamedTuple):
    """How the images of a dataset are distorted.

    Attributes
    ----------
    function : callable
        Of images, the arguments of the condition, and if it is random a generator for each image.
    strengths : dict of str to tuple or None
        Arguments of the function by condition; None for the condition without a distortion.
    in_colour : bool
        Whether images keep their colours.
    random : bool
        Whether the distortion is random.
    least_size : dict of str to int
        Pixels along a side that images need at least, by condition; conditions that are not listed need none.
    in_benchmark : bool
        Whether the dataset is part of the benchmark.
    """

    function: Callable
    strengths: dict
    in_colour: bool = False
    random: bool = False
    least_size: Mapping[str, int] = MappingProxyType({})
    in_benchmark: bool = True

    def conditions_at(self, size):
        """The conditions that images of a size, in pixels along a side, can show."""
        return [condition for condition in self.strengths if self.least_size.get(condition, 0) <= size]


BANDS = [2**k for k in range(7)]  # cycles per image


def _eidolons(coherence):
    strengths = {f"{2**k}-{round(10 * coherence)}-10": (2**k, coherence, 10) for k in range(8)}
    return Distortion(eidolon, strengths, random=True)


DISTORTIONS = {
    "colour": Distortion(desaturated, {"cr": None, "bw": ()}, in_colour=True),
    "contrast": Distortion(contrast, {f"c{c:02}": (c / 100,) for c in (100, 50, 30, 15, 10, 5, 3, 1)}),
    "high-pass": Distortion(high_pass, {"inf": None} | {f"{s:g}": (s,) for s in (3, 1.5, 1, 0.7, 0.55, 0.45, 0.4)}),
    "low-pass": Distortion(low_pass, {"0": None} | {f"{s}": (s,) for s in (1, 3, 5, 7, 10, 15, 40)}),
    "phase-scrambling": Distortion(
        phase_scrambling, {"0": None} | {f"{w}": (w,) for w in (30, 60, 90, 120, 150, 180)}, random=True
    ),
    "power-equalisation": Distortion(power_equalisation, {"0": None, "pow": ()}),
    "false-colour": Distortion(false_colour, {"true": None, "false": ()}, in_colour=True),
    "rotation": Distortion(rotation, {"0": None} | {f"{a}": (a,) for a in (90, 180, 270)}),
    "eidolonI": _eidolons(coherence=1.0),
    "eidolonII": _eidolons(coherence=0.3),
    "eidolonIII": _eidolons(coherence=0.0),
    "uniform-noise": Distortion(
        uniform_noise, {f"{w:.2f}": (w,) for w in (0, 0.03, 0.05, 0.1, 0.2, 0.35, 0.6, 0.9)}, random=True
    ),
    "frequency-bands": Distortion(
        masked,
        {f"{f}": (f,) for f in (0, *BANDS)},
        random=True,
        least_size={f"{f}": least_size(f) for f in BANDS},
        in_benchmark=False,
    ),
}
OF_BENCHMARK = [dataset for dataset, row in DISTORTIONS.items() if row.in_benchmark]


def _check(images, dataset, condition, names):
    if dataset not in DISTORTIONS:
        raise InputError(f"no distortion {dataset!r}, expected one of {', '.join(DISTORTIONS)}")
    conditions = DISTORTIONS[dataset].strengths
    if condition not in conditions:
        raise InputError(f"{dataset}: no condition {condition!r}, expected one of {', '.join(conditions)}")
    kind, shape = images.dtype, images.shape
    if kind != np.uint8 or len(shape) != 4 or shape[3] != 3 or shape[1] != shape[2]:
        raise InputError(f"{dataset}: expected square uint8 images (image, y, x, 3), found {kind} {shape}")
    if condition not in DISTORTIONS[dataset].conditions_at(shape[1]):
        least = DISTORTIONS[dataset].least_size[condition]
        raise InputError(f"{dataset}: condition {condition!r} needs {least} pixels along a side, found {shape[1]}")
    if len(names) != len(images):
        raise InputError(f"{dataset}: expected a name for each of {len(images)} images, found {len(names)}")


def distorted(images, dataset, condition, names, seed, **options):
    """Distort images without clipping and rounding.

    Parameters
    ----------
    images, dataset, condition, names, seed, **options
        As for `distort`.

    Returns
    -------
    numpy.ndarray
        float64 (image, y, x, 3), nominally in [0, 1].

    Raises
    ------
    InputError
        The dataset or the condition is unknown, the images have another type or shape or are too small for the
        condition, or names are missing.
    """
    _check(images, dataset, condition, names)
    row, images = DISTORTIONS[dataset], images / 255.0
    if not row.in_colour:
        images = luma(images)
    if row.strengths[condition] is not None:
        generators = ([generator(name, dataset, condition, seed) for name in names],) if row.random else ()
        images = row.function(images, *row.strengths[condition], *generators, **options)
    return images if row.in_colour else np.repeat(images[..., None], 3, axis=-1)


def distort(images, dataset, condition, names, seed, **options):
    """Distort images into one condition of one dataset.

    Parameters
    ----------
    images : numpy.ndarray
        uint8 (image, y, x, 3), square. The result for an image does not depend on the other images, except in
        power-equalisation, which uses their mean spectrum: pass all images of the dataset, or their mean spectrum as
        the option `amplitude`.
    dataset, condition : str
        Keys of `DISTORTIONS` and of its `strengths`, spelled as in the registry.
    names : sequence of str
        (image,). Random numbers depend on the name, the dataset, the condition and the seed.
    seed : int
    **options
        Options of the function; power-equalisation has `amplitude`.

    Returns
    -------
    numpy.ndarray
        uint8 (image, y, x, 3).

    Raises
    ------
    InputError
        As of `distorted`.
    """
    values = distorted(images, dataset, condition, names, seed, **options)
    return np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)
