"""The benchmark's row of every model and of the reference group."""

from generative_classifiers.job import job
from generative_classifiers.metrics.benchmark import benchmark
from generative_classifiers.metrics.cells import list_cells
from generative_classifiers.metrics.conditions import compare
from generative_classifiers.metrics.tables import benchmark_table, write_table
from generative_classifiers.stores import read, store_of, write

snakemake = job(globals())

study, reference = snakemake.params.study, snakemake.params.reference
cells = list_cells(snakemake.params.conditions, snakemake.params.excluded)
decisions = [read(store_of(path)) for path in snakemake.input.decisions]
result = benchmark(compare(decisions, cells, reference))
write_table(benchmark_table(result), snakemake.output.table)
write(result, store_of(snakemake.output.store), study=study, reference=reference)
