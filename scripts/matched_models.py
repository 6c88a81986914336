"""Question S7 of the lab: shares of variance that the factors of matched models explain."""

from generative_classifiers.decisions.same_losses import read_losses
from generative_classifiers.decisions.side_by_side import evidence_of
from generative_classifiers.evidence.trained_models import read_decisions
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import store_of, write
from generative_classifiers.metrics.lab.dose_response import CLEAN
from generative_classifiers.metrics.lab.matched_models import matched_models
from generative_classifiers.metrics.lab.variants import CUE_CONFLICT, of_dataset
from generative_classifiers.metrics.tables import factors_table, write_table

snakemake = job(globals())

params = snakemake.params
decisions = read_decisions(snakemake.input.decisions, params.decisions)
losses = of_dataset(read_losses(params.losses, params.stimuli))
result = matched_models(decisions[CUE_CONFLICT], decisions[CLEAN], losses, params.levels, params.reference)
write_table(factors_table(result), snakemake.output.table)
found = evidence_of([decisions[CUE_CONFLICT], decisions[CLEAN]])
evidence = {name: one for name, one in found.items() if name in params.levels}
write(result, store_of(snakemake.output.store), study=params.study, evidence=evidence)
