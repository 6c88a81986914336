"""What a study has from an archive: which stimuli its jobs need all the same, and when they must run again.

Snakemake knows nothing of files that it did not make. It would run a job again whose inputs do not exist yet, and it
would not notice that settings have changed since.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from generative_classifiers.evidence.receipt import Receipt
from generative_classifiers.evidence.shares import is_current
from generative_classifiers.io.digests import digest
from generative_classifiers.study import example_images, targets


class Inputs(NamedTuple):
    """Inputs of a job.

    Attributes
    ----------
    files : list of str
    dates_count : bool
        Whether the job must run again if they are newer than its outputs.
    """

    files: list[str]
    dates_count: bool


def evidence_inputs(study, observer: str, *datasets: str) -> Inputs:
    """The stimuli of an evidence job.

    Parameters
    ----------
    study : study.study.Study
    observer, *datasets : str
    """
    receipts = [Path(targets.receipt(study, observer, dataset)) for dataset in datasets]
    stimuli = [targets.store(path.parents[2] / "stimuli" / path.stem) for path in receipts]
    asked = [digest(study.evidence_settings(observer, dataset)) for dataset in datasets]
    restored = [_of_receipt(path) for path in receipts]
    current = all(is_current(study, observer, dataset) for dataset in datasets)
    return Inputs(_needed(stimuli, restored == asked), dates_count=not current)


def example_inputs(study, example_image: str, observers: Sequence[str]) -> Inputs:
    """The images of a job that reconstructs example images.

    Parameters
    ----------
    study : study.study.Study
    example_image : {"stimulus", "ambiguous_images"}
    observers : sequence of str
    """
    stimuli = targets.example_store(study, example_image)
    restored = all(
        _of_marker(example_marker(study, observer)) == example_settings(study, observer) for observer in observers
    )
    return Inputs(_needed(stimuli, restored), dates_count=not restored)


def example_settings(study, observer: str) -> str:
    """Digest of all settings that the reconstructions of an observer's example images depend on."""
    shown = [example_images.image(study), example_images.draw(study), example_images.prompts(study)]
    return digest([*shown, study.decisive(observer)])


def example_marker(study, observer: str) -> str:
    """The file next to restored example images that has the digest of their settings."""
    return f"{targets.examples(study, observer)}.restored.json"


def _needed(files: list[str], restored: bool) -> list[str]:
    """Files; none of them if the outputs are restored, and some would have to be made."""
    return [] if restored and not all(Path(file).exists() for file in files) else files


def _of_receipt(path: Path) -> str | None:
    """The digest of settings in a receipt that comes from an archive; None if there is no such receipt."""
    receipt = Receipt.find(path)
    return receipt.settings if receipt and receipt.restored else None


def _of_marker(path: str) -> str | None:
    try:
        return json.loads(Path(path).read_text())["settings"]
    except (OSError, ValueError, LookupError, TypeError):  # without it, the job runs again
        return None
