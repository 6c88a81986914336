"""Question S1 of the lab: shape and texture decisions by noise level."""

from generative_classifiers.decisions.same_losses import read_losses
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import store_of, write
from generative_classifiers.metrics.lab.noise_levels import noise_levels
from generative_classifiers.metrics.lab.variants import of_dataset
from generative_classifiers.metrics.tables import lab_table, write_table

snakemake = job(globals())

losses = of_dataset(read_losses(snakemake.input.losses, snakemake.params.stimuli))
result = noise_levels(losses)
write_table(lab_table(result), snakemake.output.table)
identities = {observer: evidence.attrs["identity"] for observer, evidence in losses.items()}
write(result, store_of(snakemake.output.store), study=snakemake.params.study, evidence=identities)
