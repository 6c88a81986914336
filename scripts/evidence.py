"""Evidence of one model, on one dataset or on several in turn."""

from pathlib import Path

import torch

from generative_classifiers import models
from generative_classifiers.evidence.job import compute_evidence
from generative_classifiers.evidence.pruning import most_draws, pruning_of
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of
from generative_classifiers.stimuli.downloads import mirror
from generative_classifiers.study.load import load

snakemake = job(globals())

# With more threads, sums have another order and losses are rounded otherwise. Each thread scores a shard instead.
torch.set_num_threads(1)
study, observer = load(snakemake.config), snakemake.wildcards.observer
settings, draws = study.evidence, study.draws_of(observer)
weights = Path(snakemake.params.weights) if snakemake.params.weights else None
model = models.load(
    observer,
    study.observers[observer],
    study.prompts,
    path=weights,
    device=study.site.device,
    batch_size=study.site.batch_size,
    compile=study.site.compile,
    mirror=mirror(study.site.mirror),
)
for stimuli, output in zip(snakemake.input.stimuli, snakemake.output, strict=True):
    store = store_of(output)
    compute_evidence(
        model,
        read(store_of(stimuli)),
        store,
        observer=observer,
        dataset=store.stem,
        study=study.name,
        count=most_draws(draws),
        pruning=pruning_of(draws, settings.weighting),
        seed=settings.seed,
        times=settings.times,
        reconstruct=settings.reconstruct_draw,
        shard=settings.shard,
        workers=snakemake.threads if model.device.type == "cpu" else 1,
    )
