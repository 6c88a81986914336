"""Reconstructions of the images that figures show, by one model or by several in turn."""

from functools import partial
from pathlib import Path

import torch

from generative_classifiers import models
from generative_classifiers.evidence.example_images import reconstruct, select
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of, versions, write
from generative_classifiers.models.memory import within_memory

snakemake = job(globals())

torch.set_num_threads(1)  # sums in another order are other losses
params = snakemake.params
chosen = [select(read(store_of(path)), params.image, store_of(path).stem) for path in snakemake.input.stimulus]
example_images = chosen + [read(store_of(path)) for path in snakemake.input.ambiguous_images]
for (observer, row), weights, output in zip(params.rows.items(), params.weights, snakemake.output, strict=True):
    model = models.load(
        observer,
        row,
        params.prompts,
        path=Path(weights) if weights else None,
        device=params.device,
        batch_size=params.batch_size,
    )
    made_by = {"study": params.study, "observer": observer, **model.identity, **params.draw}
    made = within_memory(
        model, partial(reconstruct, model, example_images, **params.draw), f"{observer} on example images"
    )
    write(made, store_of(output), **made_by, versions=versions(*model.packages))
