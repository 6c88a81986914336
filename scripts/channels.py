"""Question S8 of the lab: frequency channels, and how their centres go with the shape bias."""

from generative_classifiers.decisions.side_by_side import evidence_of
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of, write
from generative_classifiers.metrics.lab.channels import channels
from generative_classifiers.metrics.tables import lab_table, write_table

snakemake = job(globals())

params = snakemake.params
bands, conflicts = (read(store_of(path)) for path in (snakemake.input.bands, snakemake.input.conflicts))
result = channels(bands, conflicts, params.size, params.reference)
write_table(lab_table(result), snakemake.output.table)
write(result, store_of(snakemake.output.store), study=params.study, evidence=evidence_of([bands, conflicts]))
