"""The evidence of one observer on one dataset of a study, in the cache."""

import sys
from pathlib import Path

from generative_classifiers.evidence import conversion, job
from generative_classifiers.evidence.cache import entry_path, related_sources
from generative_classifiers.evidence.entry import Entry
from generative_classifiers.evidence.known import KnownEvidence
from generative_classifiers.evidence.pruning import most_draws, pruning_of
from generative_classifiers.evidence.receipt import Receipt, link_of
from generative_classifiers.evidence.request import request_evidence


def gather(model, stimuli, study, receipt: Path, *, dataset: str, share=(0, 1), workers=1) -> None:
    """Fill an entry of the cache, or a share of it, and write the receipt.

    Parameters
    ----------
    model : models.base.Model
    stimuli : xarray.Dataset
    study : study.study.Study
        Says which draws are wanted, and where the cache is.
    receipt : Path
        `data/<study>/evidence/<observer>/<dataset>.json`, or that of a share.
    dataset : str
    share, workers
        As for `job.fill`.
    """
    settings, draws = study.evidence, study.draws_of(model.observer)
    request = request_evidence(
        model,
        stimuli,
        observer=model.observer,
        dataset=dataset,
        count=most_draws(draws),
        seed=settings.seed,
        times=settings.times,
        reconstruct=settings.reconstruct_draw,
        pruning=pruning_of(draws, settings.weighting),
    )
    place = entry_path(study.cache, request)
    entry = Entry.create(place, request, settings.shard)
    earlier = conversion.earlier_stores(link_of(receipt))
    sources = [conversion.earlier_source(store, request, stimuli) for store in earlier]
    known = KnownEvidence(request, [source for source in sources if source] + related_sources(study.cache, request))
    job.fill(entry, model, stimuli, request, known, share=share, workers=workers)
    for store in earlier:
        print(f"{store}: has the earlier format and is now {conversion.set_aside(store)}", file=sys.stderr)
    Receipt(place.as_posix(), entry.identity, entry.request).write(receipt)
