"""What the trainings of a study will cost, from its settings. Nothing is trained or loaded."""

import math
from collections.abc import Iterator

from generative_classifiers.io.paths import ROOT
from generative_classifiers.study.trainings import replicates

NOTE = "~: estimates, from seconds_per_step of the study: one thread, as measured on a busy machine"


def training_plan(study) -> str:
    """The trainings of a study as a page to read; "" if it has none.

    Parameters
    ----------
    study : study.study.Study

    Returns
    -------
    str
        For each group of trainings their number, steps and CPU-hours, and the sums. Finished ones do not count.
    """
    rows = list(_rows(study))
    if not rows:
        return ""
    lines = [f"{'trainings':<16}{'networks':>10}{'steps':>10}{'CPU-hours':>12}"]
    total = ("all", sum(row[1] for row in rows), sum(row[2] for row in rows), sum(row[3] for row in rows))
    for name, count, steps, hours in [*rows, total]:
        known = "?" if math.isnan(hours) else f"~{hours:,.1f}"
        lines.append(f"{name:<16}{count:>10,}{steps:>10,}{known:>12}")
    return "\n".join([*lines, NOTE])


def _rows(study) -> Iterator[tuple[str, int, int, float]]:
    for group, wanted in study.settings.trainings.items():
        names = [name for name, one in replicates(study.settings.trainings).items() if one.group == group]
        todo = [study.observers[name] for name in names if not _is_done(study, name)]
        steps = sum(_steps(row) for row in todo)
        seconds = math.nan if wanted.seconds_per_step is None else wanted.seconds_per_step
        yield group, len(todo), steps, steps * seconds / 3600


def _is_done(study, name: str) -> bool:
    return all((ROOT / path).exists() for path in study.made_weights(name))


def _steps(row) -> int:
    """Steps of a training; a first stage, such as that of an autoencoder, comes on top and is short."""
    return row.training.steps or 0
