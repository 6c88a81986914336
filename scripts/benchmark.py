"""The benchmark's averages of every model and of the reference group, and the numbers in every cell behind them."""

from generative_classifiers.decisions.side_by_side import evidence_of
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of, write
from generative_classifiers.metrics.benchmark import benchmark
from generative_classifiers.metrics.cells import list_cells
from generative_classifiers.metrics.conditions import compare, conditions
from generative_classifiers.metrics.tables import benchmark_table, conditions_table, write_table

snakemake = job(globals())

output = snakemake.output
cells = list_cells(snakemake.params.conditions, snakemake.params.excluded)
decisions = [read(store_of(path)) for path in snakemake.input.decisions]
about = {
    "study": snakemake.params.study,
    "reference": snakemake.params.reference,
    "evidence": evidence_of(decisions),
}
comparison = compare(decisions, cells, snakemake.params.reference)
summary, by_condition = benchmark(comparison), conditions(comparison)
write_table(conditions_table(by_condition), output.conditions_table)
write_table(benchmark_table(summary), output.table)
write(by_condition, store_of(output.conditions), **about)
write(summary, store_of(output.store), **about)
