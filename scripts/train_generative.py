"""Train one of the miniature's generative models: the recipes behind the weights in weights/."""

import json
from pathlib import Path

import torch

from generative_classifiers.io.job import job
from generative_classifiers.training import train_generative

snakemake = job(globals())

torch.set_num_threads(1)
recorded = Path(snakemake.output[0])
recipe = {
    "training": snakemake.params.row["training"],
    "prompt": snakemake.params.prompt,
    "world": snakemake.params.world,
}
train_generative(*recipe.values(), recorded.parent)
recorded.write_text(json.dumps(recipe, indent=2) + "\n")
