"""Which draws the evidence of an observer on a dataset has."""

from typing import Literal

from generative_classifiers.study.views import base_of, has_view

Times = Literal["golden", "uniform", "weighted"]


def draws_of(study, observer: str, dataset: str):
    """The draws of an observer on a dataset: a number, or the settings of a pruning test.

    Parameters
    ----------
    study : study.study.Study
    observer, dataset : str

    Returns
    -------
    int or study.settings.Pruning
        Those of `exhaustive`, of the observer, or of all; 1 where the observer's family has a single draw.
    """
    asked = study.evidence
    if not study.observers[observer].kind.has_levels:
        return 1
    return _exhaustive(study, observer, dataset) or asked.draws_of.get(base_of(observer), asked.draws)


def times_of(study, observer: str, dataset: str) -> Times:
    """How the noise levels of an observer on a dataset are spread."""
    return "golden" if _exhaustive(study, observer, dataset) else study.evidence.times


def has_all_losses(study, observer: str, dataset: str) -> bool:
    """Whether an observer's evidence can answer for any weighting: all categories at all of its evenly spread draws."""
    return isinstance(draws_of(study, observer, dataset), int) and times_of(study, observer, dataset) != "weighted"


def _exhaustive(study, observer: str, dataset: str) -> int | None:
    """The number of `exhaustive`, which is for diffusion models that see the stimuli themselves."""
    concerns = study.observers[observer].family == "diffusion" and not has_view(observer)
    return study.evidence.exhaustive.get(dataset) if concerns else None
