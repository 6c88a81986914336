"""Train the miniature's generative model: the recipe behind the weights in weights/."""

from pathlib import Path

import torch

from generative_classifiers.job import job
from generative_classifiers.training.pixel_diffusion import train

snakemake = job(globals())

torch.set_num_threads(snakemake.threads)
folder = Path(snakemake.output[0]).parent
recipe = snakemake.params.row["training"]
train(recipe, snakemake.params.prompt, snakemake.params.world, folder, folder.with_suffix(".checkpoint"))
