"""Every model, and the reference group, beside the reference group in every cell."""

from generative_classifiers.job import job
from generative_classifiers.metrics.cells import list_cells
from generative_classifiers.metrics.conditions import compare, conditions
from generative_classifiers.metrics.tables import conditions_table, write_table
from generative_classifiers.stores import read, store_of, write

snakemake = job(globals())

study, reference = snakemake.params.study, snakemake.params.reference
cells = list_cells(snakemake.params.conditions, snakemake.params.excluded)
decisions = [read(store_of(path)) for path in snakemake.input.decisions]
result = conditions(compare(decisions, cells, reference))
write_table(conditions_table(result), snakemake.output.table)
write(result, store_of(snakemake.output.store), study=study, reference=reference)
