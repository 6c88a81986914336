"""Question S3 of the lab: shape bias, accuracy and error consistency with few draws."""

from generative_classifiers.decisions.same_losses import read_losses
from generative_classifiers.decisions.weightings import weighting_on
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of, write
from generative_classifiers.metrics.lab.draw_numbers import draw_numbers
from generative_classifiers.metrics.lab.variants import of_dataset
from generative_classifiers.metrics.tables import lab_table, write_table
from generative_classifiers.study.load import load

snakemake = job(globals())

stimuli, decisions = snakemake.params.stimuli, read(store_of(snakemake.input.decisions))
losses = of_dataset(read_losses(snakemake.input.losses, stimuli))
others, setting = read_losses(snakemake.input.others, stimuli), load(snakemake.config).evidence.weighting
weighting = {name: weighting_on(setting, one, others.get(name, {})) for name, one in losses.items()}
result = draw_numbers(decisions, losses, weighting, snakemake.params.reference)
write_table(lab_table(result), snakemake.output.table)
identities = {observer: evidence.attrs["identity"] for observer, evidence in losses.items()}
write(result, store_of(snakemake.output.store), study=snakemake.params.study, evidence=identities)
