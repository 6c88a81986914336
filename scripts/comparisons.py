"""Tests of all pairs of observers: is one of them better than the other?"""

from generative_classifiers.decisions.side_by_side import evidence_of
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of, write
from generative_classifiers.metrics.cells import list_cells
from generative_classifiers.metrics.comparisons import comparisons
from generative_classifiers.metrics.tables import comparisons_table, write_table

snakemake = job(globals())

cells = list_cells(snakemake.params.conditions, snakemake.params.excluded)
decisions = [read(store_of(path)) for path in snakemake.input.decisions]
result = comparisons(decisions, cells)
write_table(comparisons_table(result), snakemake.output.table)
write(result, store_of(snakemake.output.store), study=snakemake.params.study, evidence=evidence_of(decisions))
