"""Render a dataset of the miniature."""

from generative_classifiers.io.job import job
from generative_classifiers.io.stores import store_of, write
from generative_classifiers.stimuli.content import content_hash
from generative_classifiers.stimuli.miniature.datasets import render
from generative_classifiers.study.limit import taking_part
from generative_classifiers.study.load import load

snakemake = job(globals())

study, dataset = load(snakemake.config), snakemake.wildcards.dataset
stimuli = render(dataset, study.datasets[dataset], study.world)
stimuli = stimuli.isel(image=taking_part(study, dataset, stimuli["name"].values, stimuli))
write(
    stimuli,
    store_of(snakemake.output[0]),
    study=study.folder,
    dataset=dataset,
    world=study.world.as_params(),
    content=content_hash(stimuli),
)
