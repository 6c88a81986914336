"""Titles of figures and tables, from their captions in `docs/captions/*.rst`."""

import re
from pathlib import Path

from generative_classifiers.io.errors import InputError

OPENING = re.compile(r"\*\*(?:(?:Figure|Table) (?P<number>S?\d+): )?(?P<title>.+?)\*\*", re.DOTALL)


def title(path: Path | str) -> str:
    """Number and title in one line that sorts by number, for example `06: error consistency on cue-conflict images`.

    Parameters
    ----------
    path : Path or str
        A caption. It opens with number and title in bold face: `**Figure 6: error consistency on cue-conflict
        images**`. What has no number in the paper has a title only.

    Returns
    -------
    str

    Raises
    ------
    InputError
        If the caption opens in another way.
    """
    found = OPENING.match(Path(path).read_text(encoding="utf-8"))
    if not found:
        raise InputError(f"{path}: expected it to open with **Figure N: title** or **Table N: title**")
    number = f"{found['number']:0>2}: " if found["number"] else ""
    return number + " ".join(found["title"].split())
