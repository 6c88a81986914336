"""Export of decisions as the folder `raw-data` that the toolbox model-vs-human reads."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from generative_classifiers.decisions.csv_files import write_answers
from generative_classifiers.decisions.from_evidence import responses
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.stores import PIXELS, kind, open_store, read
from generative_classifiers.study.benchmark_names import answers_file
from generative_classifiers.study.categories import CATEGORIES


def export(
    store: str | Path,
    folder: str | Path,
    observers: Sequence[str] | None = None,
    weighting: str | None = None,
) -> list[Path]:
    """Write the decisions of a store into a folder that model-vs-human reads.

    Parameters
    ----------
    store : Path
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
        The store contains something else or lacks an observer, or the format cannot represent the images.
    """
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
    files = []
    for name in observers or _models(content, responses):
        file = answers_file(folder, content.attrs["dataset"], name)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_answers(file, name, images, responses[name])
        files.append(file)
    return files


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
