"""Observers that read the same forward passes of one network in different ways."""


def readings_of(study, observer: str) -> list[str]:
    """The study's observers that share their forward passes with an observer, in the study's order, itself included.

    They are masked models whose rows differ in the reading, and otherwise only in what losses do not depend on. The
    batch size must be the same too, because passes are shared batch by batch.

    Parameters
    ----------
    study : study.study.Study
    observer : str
    """
    if study.observers[observer].family != "masked":
        return [observer]
    own = _passes(study, observer)
    return [name for name in study.models if _passes(study, name) == own]


def _passes(study, observer):
    """What the forward passes of an observer depend on."""
    row = study.observers[observer]
    decisive = {name: value for name, value in study.decisive(observer).items() if name != "reading"}
    return decisive, row.batch_size, study.weights(observer)
