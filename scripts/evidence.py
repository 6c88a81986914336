"""Evidence of one model, on one dataset or on several in turn."""

from pathlib import Path

import torch

from generative_classifiers import models
from generative_classifiers.evidence.pruning import plan
from generative_classifiers.evidence.scoring import compute_evidence
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of
from generative_classifiers.stimuli.downloads import mirror

snakemake = job(globals())

torch.set_num_threads(1)  # sums in another order are other losses: threads share the shards instead
observer, settings = snakemake.wildcards.observer, snakemake.params.settings
weights = Path(snakemake.params.weights) if snakemake.params.weights else None
model = models.load(
    observer,
    snakemake.params.row,
    snakemake.params.prompts,
    path=weights,
    device=snakemake.params.device,
    batch_size=snakemake.params.batch_size,
    compile=snakemake.params.compile,
    mirror=mirror(snakemake.config.get("mirror")),  # no parameter: what comes from elsewhere is the same
)
count, pruning = plan(settings)
for stimuli, output in zip(snakemake.input.stimuli, snakemake.output, strict=True):
    store = store_of(output)
    compute_evidence(
        model,
        read(store_of(stimuli)),
        store,
        observer=observer,
        dataset=store.stem,
        study=snakemake.params.study,
        count=count,
        pruning=pruning,
        seed=settings["seed"],
        times=settings["times"],
        reconstruct=settings["reconstruct_draw"],
        shard=settings["shard"],
        workers=snakemake.threads if model.device.type == "cpu" else 1,
    )
