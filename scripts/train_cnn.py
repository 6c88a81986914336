"""Train the miniature's discriminative network."""

from pathlib import Path

import torch

from generative_classifiers.job import job
from generative_classifiers.training.cnn import save, train

snakemake = job(globals())

torch.set_num_threads(snakemake.threads)
row = snakemake.params.row
network, _ = train(row["training"], snakemake.params.world, row.get("noise"))
save(network, Path(snakemake.output[0]))
