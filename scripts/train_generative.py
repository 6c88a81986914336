"""Train one of the miniature's generative models, by the recipes that made the weights in weights/."""

import json
from pathlib import Path

import torch

from generative_classifiers.io.job import job
from generative_classifiers.study.load import load
from generative_classifiers.training import train_generative

snakemake = job(globals())

torch.set_num_threads(1)  # several threads add up in another order, which gives other weights
study, record = load(snakemake.config), Path(snakemake.output[0])
recipe, prompt = study.observers[snakemake.wildcards.observer].training, study.settings.prompt
device = "cpu" if study.site.device == "auto" else study.site.device  # the same weights on every machine, unless asked
train_generative(recipe, prompt, study.world, record.parent, device=device)
provenance = {"training": recipe.as_params(), "prompt": prompt, "world": study.world.as_params()}
record.write_text(json.dumps(provenance, indent=2) + "\n")
