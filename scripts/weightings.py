"""Question S2 of the lab: shape bias, accuracy and error consistency under many weightings."""

from generative_classifiers.decisions.same_losses import read_losses
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of, write
from generative_classifiers.metrics.lab.variants import of_dataset
from generative_classifiers.metrics.lab.weightings import weightings
from generative_classifiers.metrics.tables import lab_table, write_table

snakemake = job(globals())

stimuli, decisions = snakemake.params.stimuli, read(store_of(snakemake.input.decisions))
losses = of_dataset(read_losses(snakemake.input.losses, stimuli))
others = read_losses(snakemake.input.others, stimuli)
result = weightings(decisions, losses, others, snakemake.params.reference)
write_table(lab_table(result), snakemake.output.table)
identities = {observer: evidence.attrs["identity"] for observer, evidence in losses.items()}
write(result, store_of(snakemake.output.store), study=snakemake.params.study, evidence=identities)
