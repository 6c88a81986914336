"""Evidence of one model, on one dataset, on a share of one, or on several datasets in turn."""

from pathlib import Path

import torch

from generative_classifiers import models
from generative_classifiers.evidence.study_job import gather
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of
from generative_classifiers.models.devices import free_device
from generative_classifiers.stimuli.sources import mirror
from generative_classifiers.study.load import load

snakemake = job(globals())

# With more threads, sums have another order and losses are rounded otherwise. Each thread scores a shard instead.
torch.set_num_threads(1)
study, observer = load(snakemake.config), snakemake.wildcards.observer
weights, number = study.weights(observer), snakemake.wildcards.get("share")
share = (int(number) - 1, int(snakemake.wildcards.shares)) if number else (0, 1)
with free_device(study.site.device) as device:
    model = models.load(
        observer,
        study.observers[observer],
        study.prompts,
        path=Path(weights) if weights else None,
        device=device,
        batch_size=study.site.batch_size,
        compile=study.site.compile,
        mirror=mirror(study.site.mirror),
    )
    workers = snakemake.threads if model.device.type == "cpu" else 1
    for stimuli, output in zip(snakemake.input.stimuli, snakemake.output, strict=True):
        store = store_of(stimuli)
        receipt = gather(model, read(store), study, store.stem, share=share, workers=workers)
        if number:
            receipt.write(Path(output))
        else:
            receipt.publish(Path(output))
