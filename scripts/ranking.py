"""One ranking of the study's observers and of those whose numbers the paper prints."""

from generative_classifiers.io.attributes import decode_attributes
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of, write
from generative_classifiers.metrics.ranking import ranking, ranking_table
from generative_classifiers.metrics.tables import write_table

snakemake = job(globals())

benchmark = read(store_of(snakemake.input[0]))
result = ranking(benchmark, snakemake.params.published)
write_table(ranking_table(result), snakemake.output.table)
evidence = decode_attributes(benchmark.attrs)["evidence"]
write(result, store_of(snakemake.output.store), study=snakemake.params.study, evidence=evidence)
