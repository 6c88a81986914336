"""Train one of the miniature's generative models: the recipes behind the weights in weights/."""

import json
from pathlib import Path

import torch

from generative_classifiers.io.job import job
from generative_classifiers.study.load import load
from generative_classifiers.training import train_generative

snakemake = job(globals())

torch.set_num_threads(1)  # sums in another order are other weights
study, record = load(snakemake.config), Path(snakemake.output[0])
recipe, prompt = study.observers[snakemake.wildcards.observer].training, study.settings.prompt
train_generative(recipe, prompt, study.world, record.parent)
made_by = {"training": recipe.as_params(), "prompt": prompt, "world": study.world.as_params()}
record.write_text(json.dumps(made_by, indent=2) + "\n")
