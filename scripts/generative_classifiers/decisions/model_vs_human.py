"""Decisions as the folder of files that model-vs-human reads, its `raw-data`."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from generative_classifiers.decisions.from_evidence import responses
from generative_classifiers.decisions.published import write_answers
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.stores import PIXELS, kind, open_store, read
from generative_classifiers.study.benchmark_names import answers_file
from generative_classifiers.study.categories import CATEGORIES


def export(
    store: str | Path, folder: str | Path, observers: Sequence[str] | None = None, weighting: str | None = None
) -> list[Path]:
    """Write the decisions of a store into a folder that model-vs-human reads.

    Parameters
    ----------
    store : Path
        Decisions of a dataset, or the evidence of one observer.
    folder : Path
        Its `raw-data`, or another one: files go to `<dataset>/<dataset>_<observer>_session-1.csv`.
    observers : sequence of str, optional
        Whose; by default all models, for people's decisions are published.
    weighting : str, optional
        Of evidence, as in `draws.level_weighting`; by default what pruning went by, or "exponential".

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    InputError
        The store holds something else, has no such observer, or images that the format cannot name.
    """
    stages = {"decisions": _of_decisions, "evidence": _of_evidence}
    found = kind(open_store(store))
    if found not in stages:
        raise InputError(f"{store}: holds {found}, expected decisions or evidence")
    content = read(store, drop=PIXELS)
    answers = stages[found](content, weighting)
    missing = [name for name in observers or () if name not in answers]
    if missing:
        raise InputError(f"{store}: has no observer {missing[0]!r}, expected some of {', '.join(answers)}")
    wanted = observers or [name for name in answers if not (found == "decisions" and _is_reference(content, name))]
    table = {"category": content["true_category"].values, "condition": content["condition"].values}
    images = pd.DataFrame(table, content["name"].values, dtype=object)
    files = [answers_file(folder, content.attrs["dataset"], name) for name in wanted]
    for name, file in zip(wanted, files, strict=True):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_answers(file, name, images, answers[name])
    return files


def _of_decisions(decisions, weighting):
    if weighting:
        raise InputError("weighting is of evidence, and decisions are made already")
    return dict(zip(decisions["observer"].values.tolist(), decisions["response"].values, strict=True))


def _of_evidence(evidence, weighting):
    other = [name for name in evidence["category"].values if name not in CATEGORIES]
    if other:
        raise InputError(f"{evidence.attrs['observer']} may answer {other[0]!r}, expected only {', '.join(CATEGORIES)}")
    return {evidence.attrs["observer"]: responses(evidence, weighting)}


def _is_reference(decisions, observer):
    return decisions["is_reference"].sel(observer=observer).item()
