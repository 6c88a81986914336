"""Evidence of one model on one dataset."""

from pathlib import Path

import torch

from generative_classifiers import models
from generative_classifiers.evidence import compute_evidence
from generative_classifiers.job import job
from generative_classifiers.stores import read, store_of

snakemake = job(globals())

torch.set_num_threads(snakemake.threads)
observer, dataset, settings = snakemake.wildcards.observer, snakemake.wildcards.dataset, snakemake.params.settings
weights = Path(snakemake.params.weights) if snakemake.params.weights else None
model = models.load(
    observer,
    snakemake.params.row,
    snakemake.params.prompts,
    path=weights,
    device=snakemake.params.device,
    batch_size=snakemake.params.batch_size,
)
compute_evidence(
    model,
    read(store_of(snakemake.input.stimuli)),
    store_of(snakemake.output[0]),
    observer=observer,
    dataset=dataset,
    study=snakemake.params.study,
    count=settings["draws"],
    seed=settings["seed"],
    times=settings["times"],
    reconstruct=settings["reconstruct_draw"],
    shard=settings["shard"],
)
