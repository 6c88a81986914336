"""Drawings of objects: glyphs of icon fonts that Python packages contain, as an opaque region with dark lines."""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from generative_classifiers.io.errors import InputError

SIZE = 96  # pixels along a side of a drawing
_BODY = 80  # pixels along the longer side of the object; the margin keeps turned and shifted objects inside
_GLYPH = 240  # font size, large enough to give smooth edges when it is reduced

# By the name of a font: package, font file, and map from names of glyphs to code points; None if glyphs are named by
# their code points.
_FONTS = {
    "fa5": ("qtawesome", "fonts/fontawesome5-solid-webfont-*.ttf", "fonts/fontawesome5-solid-webfont-charmap-*.json"),
    "fa6": ("qtawesome", "fonts/fontawesome6-solid-webfont-*.ttf", "fonts/fontawesome6-solid-webfont-charmap-*.json"),
    "mdi6": ("qtawesome", "fonts/materialdesignicons6-*.ttf", "fonts/materialdesignicons6-webfont-charmap-*.json"),
    "ph": ("qtawesome", "fonts/phosphor-*.ttf", "fonts/phosphor-charmap-*.json"),
    "ri": ("qtawesome", "fonts/remixicon-*.ttf", "fonts/remixicon-charmap-*.json"),
    "ei": ("qtawesome", "fonts/elusiveicons-*.ttf", "fonts/elusiveicons-webfont-charmap-*.json"),
    "co": ("qtawesome", "fonts/codicon-*.ttf", "fonts/codicon-charmap-*.json"),
    "sym": ("rinoh_typeface_symbola", "Symbola.ttf", None),
}


class Drawing(NamedTuple):
    """A drawing of an object.

    Attributes
    ----------
    opaque : numpy.ndarray
        float32 (y, x) in [0, 1]: where the object hides the background.
    line : numpy.ndarray
        float32 (y, x) in [0, 1]: its dark lines.
    """

    opaque: np.ndarray
    line: np.ndarray


def render_drawing(name):
    """Render a drawing.

    Parameters
    ----------
    name : str
        `<font> <glyph>` as in `registry/drawings.yaml`.

    Returns
    -------
    Drawing

    Raises
    ------
    InputError
        There is no such font or glyph, or the package of the font is not installed.

    Examples
    --------
    >>> render_drawing("fa5 plane").opaque.shape
    (96, 96)
    """
    font, _, glyph = name.partition(" ")
    if font == "drawn":
        return _line_drawing(_fit(_oven(glyph)))
    if font not in _FONTS:
        raise InputError(f"drawing {name!r}: unknown font {font!r}, expected one of {', '.join(_FONTS)}")
    ink = _fit(_render(font, glyph))
    return _line_drawing(ink) if font == "sym" else Drawing(ink, np.zeros_like(ink))


@cache
def _font(key):
    package, pattern, charmap = _FONTS[key]
    # The package is located but not imported, since qtawesome itself needs Qt.
    spec = find_spec(package)
    if spec is None:
        raise InputError(f"the miniature's drawings need the Python package {package}, which is not installed")
    folder = Path(spec.submodule_search_locations[0])
    points = json.loads(next(folder.glob(charmap)).read_text()) if charmap else None
    return ImageFont.truetype(next(folder.glob(pattern)), _GLYPH), points


def _render(key, glyph):
    font, points = _font(key)
    if points is not None and glyph not in points:
        raise InputError(f"drawing '{key} {glyph}': the font has no such glyph")
    point = int(points[glyph] if points else glyph, 16)
    canvas = Image.new("L", (2 * _GLYPH, 2 * _GLYPH))
    ImageDraw.Draw(canvas).text((_GLYPH, _GLYPH), chr(point), font=font, fill=255, anchor="mm")
    return canvas


def _fit(canvas):
    """Crop to the ink, scale it so that its longer side is that of the object, and centre it."""
    box = canvas.getbbox()
    scale = _BODY / max(box[2] - box[0], box[3] - box[1])
    size = [max(1, round(scale * length)) for length in (box[2] - box[0], box[3] - box[1])]
    body = canvas.crop(box).resize(size, Image.Resampling.LANCZOS)
    fitted = Image.new("L", (SIZE, SIZE))
    fitted.paste(body, ((SIZE - size[0]) // 2, (SIZE - size[1]) // 2))
    return np.asarray(fitted, np.float32) / 255


def _line_drawing(ink):
    """The object is what the lines enclose. Gaps of a few pixels count as closed."""
    closed = ndimage.binary_closing(np.pad(ink > 0.3, 8), iterations=3)
    region = ndimage.binary_fill_holes(closed)[8:-8, 8:-8]
    return Drawing(np.maximum(ndimage.gaussian_filter(region.astype(np.float32), 0.7), ink), ink)


# Ovens that the project draws itself, since icon fonts have few. Window: left, top, right and bottom as shares of the
# oven; knobs and rings: their numbers.
_OVENS = {
    "oven-1": {"aspect": 1.0, "window": (0.2, 0.42, 0.8, 0.82), "knobs": 4, "rings": 0},
    "oven-2": {"aspect": 0.85, "window": (0.15, 0.35, 0.85, 0.75), "knobs": 3, "rings": 2},
    "oven-3": {"aspect": 0.92, "window": (0.22, 0.45, 0.78, 0.88), "knobs": 5, "rings": 0},
}


def _oven(glyph):
    if glyph not in _OVENS:
        raise InputError(f"drawing 'drawn {glyph}': expected one of {', '.join(_OVENS)}")
    shape = _OVENS[glyph]
    canvas = Image.new("L", (2 * _GLYPH, 2 * _GLYPH))
    pen = ImageDraw.Draw(canvas)
    width, height, line = shape["aspect"] * _GLYPH, _GLYPH, 10
    left, top = _GLYPH - width / 2, _GLYPH / 2

    def box(x0, y0, x1, y1, radius):
        corners = (left + x0 * width, top + y0 * height, left + x1 * width, top + y1 * height)
        pen.rounded_rectangle(corners, radius, outline=255, width=line)

    box(0, 0, 1, 1, 18)
    box(*shape["window"], 12)
    pen.line((left, top + 0.25 * height, left + width, top + 0.25 * height), fill=255, width=line)
    for x in np.linspace(0.15, 0.85, shape["knobs"]):
        centre = (left + x * width, top + 0.13 * height)
        pen.ellipse((centre[0] - 11, centre[1] - 11, centre[0] + 11, centre[1] + 11), fill=255)
    for x in np.linspace(0.3, 0.7, shape["rings"]) if shape["rings"] else ():
        pen.line((left + (x - 0.12) * width, top - 12, left + (x + 0.12) * width, top - 12), fill=255, width=line)
    return canvas
