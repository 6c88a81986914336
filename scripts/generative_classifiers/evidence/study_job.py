"""The evidence of one observer on one dataset of a study, in the cache."""

from pathlib import Path

from generative_classifiers.draws.level_table import LevelTable
from generative_classifiers.draws.log_snr import weighting_with
from generative_classifiers.evidence import conversion, job
from generative_classifiers.evidence.cache import entry_path, related_sources
from generative_classifiers.evidence.entry import Entry
from generative_classifiers.evidence.known import KnownEvidence
from generative_classifiers.evidence.pruning import most_draws, pruning_of
from generative_classifiers.evidence.receipt import Receipt, link_of
from generative_classifiers.evidence.request import request_evidence
from generative_classifiers.io.digests import digest
from generative_classifiers.stimuli.content import content_hash
from generative_classifiers.study import targets
from generative_classifiers.study.draws import draws_of, times_of
from generative_classifiers.study.levels import level_row


def gather(model, stimuli, study, dataset: str, *, share=(0, 1), workers=1) -> Receipt:
    """Fill an entry of the cache with the evidence that a study asks for, or with a share of it.

    Parameters
    ----------
    model : models.base.Model
    stimuli : xarray.Dataset
        Those of the dataset.
    study : study.study.Study
    dataset : str
    share, workers
        As for `job.fill`.

    Returns
    -------
    Receipt
    """
    settings, observer = study.evidence, model.observer
    draws, times = draws_of(study, observer, dataset), times_of(study, observer, dataset)
    table = level_table(study, observer, dataset)
    request = request_evidence(
        model,
        stimuli,
        observer=observer,
        dataset=dataset,
        count=most_draws(draws),
        seed=settings.seed,
        times=(model.density(table) or "golden") if times == "weighted" else times,
        reconstruct=settings.reconstruct_draw,
        pruning=pruning_of(draws, weighting_with(study.weighting), table),
        view=study.observers[observer].view,
    )
    place = entry_path(study.cache, request)
    entry = Entry.create(place, request, settings.shard)
    earlier = conversion.earlier_sources(link_of(Path(targets.receipt(study, observer, dataset))), request, stimuli)
    # Only of its own images: otherwise each job would read all that the others have written.
    related = related_sources(study.cache, request, entry.images_of_share(share))
    known = KnownEvidence(request, [*earlier, *related])
    job.fill(entry, model, stimuli, request, known, share=share, workers=workers)
    return Receipt(
        store=place.as_posix(),
        identity=entry.identity,
        request=entry.request,
        stimuli=content_hash(stimuli),
        shares=share[1],
        settings=digest(study.evidence_settings(observer, dataset)),
    )


def level_table(study, observer: str, dataset: str) -> LevelTable | None:
    """What is known of an observer's noise levels; None if the settings of its evidence do not need to know."""
    row = level_row(study, observer, dataset)
    return LevelTable(**row.table()) if row else None
