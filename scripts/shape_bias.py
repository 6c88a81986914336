"""Shape bias on cue-conflict images, by category and overall."""

from generative_classifiers.decisions.side_by_side import evidence_of
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of, write
from generative_classifiers.metrics.shape_bias import shape_bias
from generative_classifiers.metrics.tables import shape_bias_table, write_table

snakemake = job(globals())

study, reference = snakemake.params.study, snakemake.params.reference
decisions = read(store_of(snakemake.input.decisions))
result = shape_bias(decisions, reference)
write_table(shape_bias_table(result), snakemake.output.table)
write(result, store_of(snakemake.output.store), study=study, reference=reference, evidence=evidence_of([decisions]))
