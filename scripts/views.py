"""Question S5 of the lab: shape bias, OOD accuracy and error consistency of every observer through every view."""

from generative_classifiers.decisions.side_by_side import evidence_of
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of, write
from generative_classifiers.metrics.cells import list_cells
from generative_classifiers.metrics.lab.views import views
from generative_classifiers.metrics.tables import lab_table, write_table
from generative_classifiers.study.load import load

snakemake = job(globals())

params, study = snakemake.params, load(snakemake.config)
decisions = [read(store_of(path)) for path in snakemake.input.decisions]
cells = list_cells(params.conditions, params.excluded)
result = views(decisions, study.settings.views, cells, params.reference, params.with_noise)
write_table(lab_table(result), snakemake.output.table)
write(result, store_of(snakemake.output.store), study=params.study, evidence=evidence_of(decisions))
