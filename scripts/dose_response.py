"""Question S6 of the lab: shape bias and accuracy by what was done to training images."""

from generative_classifiers.decisions.side_by_side import evidence_of
from generative_classifiers.evidence.trained_models import read_decisions
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import store_of, write
from generative_classifiers.metrics.lab.dose_response import DATASETS, dose_response
from generative_classifiers.metrics.tables import variants_table, write_table
from generative_classifiers.study.load import load
from generative_classifiers.study.trainings import replicates

snakemake = job(globals())

params = snakemake.params
trained = load({**snakemake.config, "study": params.trained_by})
by_dataset = read_decisions(snakemake.input.decisions, params.decisions)
decisions = [by_dataset[name] for name in DATASETS if name in by_dataset]
(group,) = (name for name, one in trained.settings.trainings.items() if one.compared_with)
trainings = {name: one for name, one in replicates(trained.settings.trainings).items() if one.group == group}
augmentations = {one.variant: trained.observers[name].training.augmentation for name, one in trainings.items()}
compared_with = trained.settings.trainings[group].compared_with
result = dose_response(decisions, trainings, augmentations, compared_with, params.reference)
write_table(variants_table(result), snakemake.output.table)
evidence = {name: one for name, one in evidence_of(decisions).items() if name in (*trainings, compared_with)}
write(result, store_of(snakemake.output.store), study=params.study, evidence=evidence)
