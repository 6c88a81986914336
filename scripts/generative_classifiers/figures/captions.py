"""Captions of figures and tables, `docs/captions/*.rst`: what the report calls them."""

import re
from pathlib import Path

from generative_classifiers.io.errors import InputError

OPENING = re.compile(r"\*\*(?:(?:Figure|Table) (?P<number>\d+): )?(?P<title>.+?)\*\*", re.DOTALL)


def title(path):
    """Number and title in one line that sorts by number, for example `06: error consistency on cue-conflict images`.

    Parameters
    ----------
    path : Path or str
        Of a caption, which opens with both in bold face: `**Figure 6: error consistency on cue-conflict images**`.
        What has no number in the paper has only a title.

    Raises
    ------
    InputError
        If it does not.
    """
    found = OPENING.match(Path(path).read_text(encoding="utf-8"))
    if not found:
        raise InputError(f"{path}: expected it to open with **Figure N: title** or **Table N: title**")
    number = f"{int(found['number']):02}: " if found["number"] else ""
    return number + " ".join(found["title"].split())
