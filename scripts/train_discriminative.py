"""Train a discriminative network, or continue its training."""

from pathlib import Path

import torch

from generative_classifiers.io.job import job
from generative_classifiers.study.load import load
from generative_classifiers.training import jobs

snakemake = job(globals())

torch.set_num_threads(1)  # several threads add up in another order, which gives other weights
study, observer = load(snakemake.config), snakemake.wildcards.observer
row = study.observers[observer]
jobs.check(observer, row, study.site.imagenet)
device = "cpu" if row.training.data == "world" else study.site.device
processes = jobs.process_count(device, row.training.devices)
jobs.start(
    processes,
    observer=observer,
    row=row,
    weights=snakemake.output[0],
    logs=str(Path(snakemake.log[0]).with_suffix("")),
    device=device,
    workers=(snakemake.threads - 1) // processes,
    world=study.world,
    folder=study.site.imagenet,
)
