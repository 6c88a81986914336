"""Render one of the miniature's datasets."""

from generative_classifiers.io.job import job
from generative_classifiers.io.stores import store_of, write
from generative_classifiers.stimuli.miniature.datasets import render

snakemake = job(globals())

dataset, world = snakemake.wildcards.dataset, snakemake.params.world
stimuli = render(dataset, snakemake.params.row, world)
write(stimuli, store_of(snakemake.output[0]), study=snakemake.params.study, dataset=dataset, world=world)
