"""Question S4 of the lab: agreement with other draws, over the evaluations that rules spend."""

from generative_classifiers.decisions.same_losses import read_losses
from generative_classifiers.decisions.weightings import weighting_on
from generative_classifiers.draws.level_table import LevelTable
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import store_of, write
from generative_classifiers.metrics.lab.spent_evaluations import spent_evaluations
from generative_classifiers.metrics.lab.variants import of_dataset
from generative_classifiers.metrics.tables import lab_table, write_table
from generative_classifiers.study.load import load

snakemake = job(globals())

stimuli = snakemake.params.stimuli
losses = of_dataset(read_losses(snakemake.input.losses, stimuli))
others, setting = read_losses(snakemake.input.others, stimuli), load(snakemake.config).evidence.weighting
weighting = {name: weighting_on(setting, one, others.get(name, {})) for name, one in losses.items()}
tables = {name: LevelTable(**row) for name, row in snakemake.params.levels.items()}
result = spent_evaluations(losses, weighting, tables)
write_table(lab_table(result), snakemake.output.table)
identities = {observer: evidence.attrs["identity"] for observer, evidence in losses.items()}
write(result, store_of(snakemake.output.store), study=snakemake.params.study, evidence=identities)
