"""Train a discriminative network, or go on training it."""

from pathlib import Path

import torch

from generative_classifiers.io.job import job
from generative_classifiers.training import jobs

snakemake = job(globals())

torch.set_num_threads(1)  # sums in another order are other weights
row, observer = snakemake.params.row, snakemake.wildcards.observer
# No parameters of the rule: where the images are, and what looks at them, is no reason to train anew.
folder, device = snakemake.config.get("imagenet"), snakemake.config.get("device", "auto")
jobs.check(observer, row, folder)
device = "cpu" if row["training"]["data"] == "world" else device
count = jobs.processes(device, row["training"].get("devices", 1))
jobs.start(
    count,
    observer=observer,
    row=row,
    weights=snakemake.output[0],
    logs=str(Path(snakemake.log[0]).with_suffix("")),
    device=device,
    workers=(snakemake.threads - 1) // count,
    world=snakemake.params.world,
    folder=folder,
)
