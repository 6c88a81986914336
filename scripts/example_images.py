"""Reconstructions of the example images in figures, by one model or by several in turn."""

from functools import partial
from pathlib import Path

import torch

from generative_classifiers import models
from generative_classifiers.evidence.example_images import reconstruct, select
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of, versions, write
from generative_classifiers.models.memory import within_memory
from generative_classifiers.study import example_images
from generative_classifiers.study.load import load

snakemake = job(globals())

torch.set_num_threads(1)  # with more threads, sums have another order and losses are rounded otherwise
study = load(snakemake.config)
draw, prompts = example_images.draw(study), example_images.prompts(study)
images = [read(store_of(path)) for path in snakemake.input.ambiguous_images]
for store in map(store_of, snakemake.input.stimulus):
    images.insert(0, select(read(store), example_images.image(study), store.stem))
for output in snakemake.output:
    observer = store_of(output).stem
    weights = study.weights(observer)
    model = models.load(
        observer,
        study.observers[observer],
        prompts,
        path=Path(weights) if weights else None,
        device=study.site.device,
        batch_size=study.site.batch_size,
    )
    made_by = {"study": study.folder, "observer": observer, "prompts": model.prompts, **model.identity, **draw}
    made = within_memory(model, partial(reconstruct, model, images, **draw), f"{observer} on example images")
    write(made, store_of(output), **made_by, versions=versions(*model.packages))
