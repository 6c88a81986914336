"""The evidence of one observer on one dataset of a study, in the cache."""

from pathlib import Path

from generative_classifiers.evidence import conversion, job
from generative_classifiers.evidence.cache import entry_path, related_sources
from generative_classifiers.evidence.entry import Entry
from generative_classifiers.evidence.known import KnownEvidence
from generative_classifiers.evidence.pruning import level_table, most_draws, pruning_for
from generative_classifiers.evidence.receipt import Receipt, link_of
from generative_classifiers.evidence.request import request_evidence
from generative_classifiers.io.digests import digest
from generative_classifiers.stimuli.content import content_hash
from generative_classifiers.study import targets


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
    settings, draws, observer = study.evidence, study.draws_of(model.observer), model.observer
    table = level_table(study, observer)
    times = (model.density(table) or "golden") if settings.times == "weighted" else settings.times
    request = request_evidence(
        model,
        stimuli,
        observer=observer,
        dataset=dataset,
        count=most_draws(draws),
        seed=settings.seed,
        times=times,
        reconstruct=settings.reconstruct_draw,
        pruning=pruning_for(study, observer),
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
