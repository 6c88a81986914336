"""Question S9 of the lab: the shape bias in worlds with other textures."""

from generative_classifiers.decisions.side_by_side import evidence_of
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of, write
from generative_classifiers.metrics.lab.worlds import worlds
from generative_classifiers.metrics.tables import lab_table, write_table

snakemake = job(globals())

params, decisions = snakemake.params, read(store_of(snakemake.input.decisions))
result = worlds(decisions, params.compared, params.reference)
write_table(lab_table(result), snakemake.output.table)
write(result, store_of(snakemake.output.store), study=params.study, evidence=evidence_of([decisions]))
