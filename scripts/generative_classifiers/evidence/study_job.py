"""The evidence of one observer on one dataset of a study, in the cache."""

from pathlib import Path

from generative_classifiers.evidence import conversion, job
from generative_classifiers.evidence.cache import entry_path, related_sources
from generative_classifiers.evidence.entry import Entry
from generative_classifiers.evidence.known import KnownEvidence
from generative_classifiers.evidence.pruning import level_table, most_draws, pruning_for
from generative_classifiers.evidence.receipt import Receipt, link_of
from generative_classifiers.evidence.request import request_evidence
from generative_classifiers.evidence.shares import planned_shares
from generative_classifiers.io.digests import digest
from generative_classifiers.stimuli.content import content_hash
from generative_classifiers.study import targets
from generative_classifiers.study.draws import draws_of, times_of
from generative_classifiers.study.readings import readings_of


def gather(model, stimuli, study, dataset: str, *, share=(0, 1), workers=1) -> Receipt:
    """Fill an entry of the cache with the evidence that a study asks for, or with a share of it.

    If other observers of the study read the same forward passes, their entries are filled at the same time.

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
    observer = model.observer
    own = _work(model, stimuli, study, dataset, share)
    others = [_work(other, stimuli, study, dataset, share) for other in _other_readings(model, study, dataset)]
    together = [work for work in others if work.entry.shard == own.entry.shard]
    job.fill(own.entry, model, stimuli, own.request, own.known, together=together, share=share, workers=workers)
    return Receipt(
        store=own.entry.path.as_posix(),
        identity=own.entry.identity,
        request=own.entry.request,
        stimuli=content_hash(stimuli),
        shares=share[1],
        settings=digest(study.evidence_settings(observer, dataset)),
    )


def _other_readings(model, study, dataset):
    """The model as the other observers that share its passes, as far as their jobs are split like its own.

    Where jobs are split by hours, a job that is meant to be short must not do the work of a long one.
    """
    for name in readings_of(study, model.observer):
        shares = planned_shares(study, name, dataset), planned_shares(study, model.observer, dataset)
        if name != model.observer and len(set(shares)) == 1:
            yield model.read_as(name, study.observers[name].reading)


def _work(model, stimuli, study, dataset, share) -> job.Work:
    """The entry that a study asks for, and what is known of it."""
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
        pruning=pruning_for(study, observer, dataset),
        view=study.observers[observer].view,
    )
    entry = Entry.create(entry_path(study.cache, request), request, settings.shard)
    earlier = conversion.earlier_sources(link_of(Path(targets.receipt(study, observer, dataset))), request, stimuli)
    # Only of its own images: otherwise each job would read all that the others have written.
    related = related_sources(study.cache, request, entry.images_of_share(share))
    return job.Work(entry, model, request, KnownEvidence(request, [*earlier, *related]))
