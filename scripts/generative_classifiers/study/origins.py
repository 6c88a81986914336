"""Where the decisions or numbers of each observer come from, and under which licence."""

from collections.abc import Iterator
from typing import NamedTuple

from generative_classifiers.study.datasets import DecisionFile, Repository
from generative_classifiers.study.observer import ModelObserver, Observer, PublishedObserver, ReferenceObserver
from generative_classifiers.study.study import Study

RUN_HERE, SIMULATED, OWN_FILES = "run here", "simulated here", "files of this machine"


class Origin(NamedTuple):
    """Where decisions or numbers come from.

    Attributes
    ----------
    origin : str
        Whose they are, or how they came about.
    reference : str or None
        The address of their description.
    licence : str or None
        Of the files or, for a model that was run, of its weights; None if none is stated.
    """

    origin: str
    reference: str | None = None
    licence: str | None = None


def origins(study: Study) -> dict[str, Origin]:
    """The origin of every observer of a study, and of those whose numbers the paper prints."""
    paper = study.paper
    printed = Origin(paper.label, paper.reference, paper.licence)
    return dict.fromkeys(study.published, printed) | {
        name: _origin(study, name, row) for name, row in study.observers.items()
    }


def _origin(study: Study, observer: str, row: Observer) -> Origin:
    if isinstance(row, ModelObserver):
        return Origin(RUN_HERE, None, row.licence)
    if isinstance(row, PublishedObserver | ReferenceObserver) and row.answers:
        return Origin(f"files in {row.answers}", None, row.licence)
    if row.family == "simulated":
        return Origin(SIMULATED)
    # Several commits of one repository are one origin.
    sources = list({one.label: one for one in _repositories(study, observer, row)}.values())
    if not sources:
        return Origin(OWN_FILES)
    licences = dict.fromkeys(one.licence for one in sources)
    return Origin(
        " and ".join(one.label for one in sources),
        sources[0].reference if len(sources) == 1 else None,
        " and ".join(licence or "none stated" for licence in licences) if any(licences) else None,
    )


def _repositories(study: Study, observer: str, row: Observer) -> Iterator[Repository]:
    """The repositories of an observer's published decisions on the study's datasets."""
    for dataset in study.datasets.values():
        files = dataset.decisions.humans if row.family == "human" else dataset.decisions.networks
        for name, file in files.items():
            if isinstance(file, DecisionFile) and (row.family == "human" or name == observer):
                yield study.registry.repositories[file.repository]
