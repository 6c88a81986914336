"""What the conditions of the lab's datasets mean: frequencies of noise, and worlds with other textures."""

import re
from typing import NamedTuple

from generative_classifiers.io.errors import InputError

FREQUENCY_BANDS = "frequency-bands"
WITHOUT_NOISE = "0"


class Texture(NamedTuple):
    """How the textures of a world's cue conflicts differ from those of the training images.

    Attributes
    ----------
    contrast : float
        In (0, 1].
    period : float
        In periods of the training images.
    """

    contrast: float
    period: float


def frequency_of(condition: str) -> float:
    """The centre of a band of noise, in cycles per image; 0 without noise.

    Raises
    ------
    InputError
        The condition is no frequency.

    Examples
    --------
    >>> frequency_of("16"), frequency_of("0")
    (16.0, 0.0)
    """
    if not re.fullmatch(r"\d+(\.\d+)?", condition):
        raise InputError(f"{FREQUENCY_BANDS}: condition {condition!r}: expected a frequency in cycles per image")
    return float(condition)


def texture_of(condition: str) -> Texture:
    """The textures of a condition of cue-conflict-textures.

    Raises
    ------
    InputError
        The condition names no contrast and period.

    Examples
    --------
    >>> texture_of("c0.2-p2")
    Texture(contrast=0.2, period=2.0)
    """
    found = re.fullmatch(r"c(\d+(?:\.\d+)?)-p(\d+(?:\.\d+)?)", condition)
    texture = Texture(*map(float, found.groups())) if found else None
    if texture is None or not (0 < texture.contrast <= 1 and texture.period > 0):
        expected = "expected c<contrast>-p<period> with a contrast above 0 and at most 1 and a period above 0"
        raise InputError(f"cue-conflict-textures: condition {condition!r}: {expected}")
    return texture
