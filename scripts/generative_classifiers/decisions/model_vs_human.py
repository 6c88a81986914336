"""Export of decisions as the folder `raw-data` that the toolbox model-vs-human reads."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from generative_classifiers.decisions.csv_files import check_images, write_answers
from generative_classifiers.decisions.from_evidence import responses
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.stores import PIXELS, kind, open_store, read
from generative_classifiers.study.benchmark_names import answers_file
from generative_classifiers.study.categories import CATEGORIES


class Export(NamedTuple):
    """A file that is to be written, as `write_answers` takes it."""

    path: Path
    observer: str
    images: pd.DataFrame
    response: np.ndarray


def export(
    store: str | Path | Sequence[str | Path],
    folder: str | Path,
    observers: Sequence[str] | None = None,
    weighting: str | None = None,
) -> list[Path]:
    """Write the decisions of stores into a folder that model-vs-human reads.

    Parameters
    ----------
    store : Path or sequence of Path
        Decisions on a dataset, or the evidence of one model.
    folder : Path
        The toolbox's `raw-data` or another folder. Files go to `<dataset>/<dataset>_<observer>_session-1.csv`.
    observers : sequence of str, optional
        Whose decisions to write; by default those of all models, since the decisions of humans are published.
    weighting : str, optional
        Weighting of the draws of evidence, as in `draws.weighting.level_weighting`; by default that of the pruning, or
        "exponential".

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    InputError
        A store contains something else or lacks an observer, or the format cannot represent the images. Nothing is
        written then.
    """
    stores = [store] if isinstance(store, str | Path) else store
    planned = [one for path in stores for one in _planned(path, folder, observers, weighting)]
    for one in planned:
        check_images(one.path, one.images)
    for one in planned:
        one.path.parent.mkdir(parents=True, exist_ok=True)
        write_answers(*one)
    return [one.path for one in planned]


def _planned(
    store: str | Path, folder: str | Path, observers: Sequence[str] | None, weighting: str | None
) -> Iterator[Export]:
    """The files of a store."""
    readers = {"decisions": _responses_of_decisions, "evidence": _responses_of_evidence}
    found = kind(open_store(store))
    if found not in readers:
        raise InputError(f"{store}: contains {found}, expected decisions or evidence")
    content = read(store, drop=PIXELS)
    responses = readers[found](content, weighting)
    for name in observers or ():
        if name not in responses:
            raise InputError(f"{store}: has no observer {name!r}, expected some of {', '.join(responses)}")
    images = pd.DataFrame(
        {"category": content["true_category"].values, "condition": content["condition"].values},
        index=content["name"].values,
        dtype=object,
    )
    for name in observers or _models(content, responses):
        yield Export(answers_file(folder, content.attrs["dataset"], name), name, images, responses[name])


def _responses_of_decisions(decisions, weighting):
    """Responses (image,) by observer."""
    if weighting:
        raise InputError("weighting: expected none for a store of decisions, in which it was already used")
    return dict(zip(decisions["observer"].values.tolist(), decisions["response"].values, strict=True))


def _responses_of_evidence(evidence, weighting):
    """Responses (image,) of the only observer."""
    observer = evidence.attrs["observer"]
    for name in evidence["category"].values:
        if name not in CATEGORIES:
            raise InputError(f"{observer}: may decide for {name!r}, expected only {', '.join(CATEGORIES)}")
    return {observer: responses(evidence, weighting)}


def _models(content, responses):
    """The observers that are not members of the reference group."""
    if "is_reference" not in content:
        return list(responses)
    return [name for name in responses if not content["is_reference"].sel(observer=name).item()]
