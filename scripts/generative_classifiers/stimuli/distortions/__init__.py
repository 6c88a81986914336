"""The 12 parametric distortions of Geirhos et al. (2018, 2021), in words of our own.

None of it is their code; strengths and the order of the steps are those of their stimuli (arXiv 1808.08750,
2106.07411, github.com/rgeirhos/generalisation-humans-DNNs). Lengths are meant in pixels of an image of side
224 and shrink with the image, so that a condition does the same to the scene at any size; only uniform
noise is drawn pixel by pixel at every size. All datasets but colour and false-colour show grey images.

Each function takes and returns float64 images in which 1 is white; clipping and rounding are left to
`distort`.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.random_numbers import generator
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
    """How one dataset is made.

    `strengths` gives the arguments of `function` by condition, None where the image stays as it is.
    """

    function: Callable
    strengths: dict
    in_colour: bool = False
    random: bool = False


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
}


def _check(images, dataset, condition, names):
    if dataset not in DISTORTIONS:
        raise InputError(f"No distortion makes {dataset!r}; expected one of {', '.join(DISTORTIONS)}.")
    conditions = DISTORTIONS[dataset].strengths
    if condition not in conditions:
        raise InputError(f"{dataset} has no condition {condition!r}; expected {', '.join(conditions)}.")
    kind, shape = images.dtype, images.shape
    if kind != np.uint8 or len(shape) != 4 or shape[3] != 3 or shape[1] != shape[2]:
        raise InputError(f"{dataset}: expected uint8 images (image, y, x, 3), y = x; got {kind} {shape}.")
    if len(names) != len(images):
        raise InputError(f"{dataset}: expected one name per image; got {len(names)} for {len(images)}.")


def distorted(images, dataset, condition, names, seed, **options):
    """Distort images, keeping what `distort` clips and rounds away.

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
        If the dataset or the condition is unknown, or images and names do not fit.
    """
    _check(images, dataset, condition, names)
    function, strengths, in_colour, random = DISTORTIONS[dataset]
    images = images / 255.0
    if not in_colour:
        images = luma(images)
    if strengths[condition] is not None:
        generators = ([generator(name, dataset, condition, seed) for name in names],) if random else ()
        images = function(images, *strengths[condition], *generators, **options)
    return images if in_colour else np.repeat(images[..., None], 3, axis=-1)


def distort(images, dataset, condition, names, seed, **options):
    """Distort images into one condition of one of the 12 parametric datasets.

    Parameters
    ----------
    images : numpy.ndarray
        uint8 (image, y, x, 3), square. What becomes of an image does not depend on the others, except in
        power-equalisation, whose mean spectrum is that of the images given here: give all of the dataset's,
        or that spectrum beside a part of them.
    dataset, condition : str
        Keys of `DISTORTIONS` and of its `strengths`, spelled as in the benchmark.
    names : sequence of str
        One per image: with dataset, condition and seed they fix all random numbers.
    seed : int
    **options
        Of the distortion's function: power-equalisation has `amplitude`.

    Returns
    -------
    numpy.ndarray
        uint8 (image, y, x, 3).

    Raises
    ------
    InputError
        If the dataset or the condition is unknown, or images and names do not fit.
    """
    values = distorted(images, dataset, condition, names, seed, **options)
    return np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)
