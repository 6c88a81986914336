"""Into how many jobs the evidence of an observer on a dataset is split."""

from math import ceil
from pathlib import Path

from generative_classifiers.evidence.receipt import Receipt
from generative_classifiers.evidence.recorded import recorded_content
from generative_classifiers.io.digests import digest
from generative_classifiers.study import targets
from generative_classifiers.study.coverage import datasets_of


def share_receipts(study, observer: str, dataset: str) -> list[str]:
    """The receipts of the shares that a study's evidence is made of.

    Evidence that is finished stays split as it was, so that another setting schedules no jobs.

    Parameters
    ----------
    study : study.study.Study
    observer, dataset : str

    Returns
    -------
    list of str
        Empty if one job does all of it.
    """
    receipt = Path(targets.receipt(study, observer, dataset))
    shares = _recorded(study, observer, dataset, receipt) or planned_shares(study, observer, dataset)
    if shares == 1:
        return []
    return [f"{receipt.with_suffix('.shares')}/{share}-of-{shares}.json" for share in range(1, shares + 1)]


def planned_shares(study, observer: str, dataset: str) -> int:
    """Number of jobs by the site's settings. An observer whose speed is unknown is not split by hours."""
    site = study.site
    if study.together or not (site.hours_per_job or site.images_per_job):
        return 1
    from generative_classifiers.evidence.cost_plan import cost

    plan = cost(study, observer, dataset, site.evaluations_per_second)
    by_images = ceil(plan["images"] / site.images_per_job) if site.images_per_job else 1
    is_known = plan["hours"] == plan["hours"]
    by_hours = ceil(plan["hours"] / site.hours_per_job) if site.hours_per_job and is_known else 1
    return min(max(by_images, by_hours), ceil(plan["images"] / study.evidence.shard))


def split_observers(study) -> list[str]:
    """Observers whose evidence on some dataset is split."""
    return [
        observer
        for observer in study.models
        if any(planned_shares(study, observer, dataset) > 1 for dataset in datasets_of(study, observer))
    ]


def is_current(study, observer: str, dataset: str) -> bool:
    """Whether finished evidence was made for the present settings and stimuli."""
    found = Receipt.find(Path(targets.receipt(study, observer, dataset)))
    if found is None:
        return False
    stimuli = recorded_content(f"data/{study.folder}/stimuli/{dataset}.zarr")
    return found.settings == digest(study.evidence_settings(observer, dataset)) and stimuli in (None, found.stimuli)


def _recorded(study, observer: str, dataset: str, receipt: Path) -> int | None:
    """Number of shares of finished evidence; None if there is none for the present settings."""
    return Receipt.read(receipt).shares if is_current(study, observer, dataset) else None
