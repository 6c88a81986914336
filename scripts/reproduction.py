"""Measured minus published, for every number that is both."""

from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of
from generative_classifiers.metrics.reproduction import reproduction
from generative_classifiers.metrics.tables import write_table
from generative_classifiers.study.measures import MEASURES

snakemake = job(globals())

summary = read(store_of(snakemake.input.benchmark))
complete = summary.where(summary["datasets"] == summary["datasets"].max(), drop=True)
measured = {measure: complete[measure].to_series() for measure in MEASURES}
if snakemake.input.shape_bias:
    measured["shape_bias"] = read(store_of(snakemake.input.shape_bias))["overall_shape_bias"].to_series().dropna()
write_table(reproduction(snakemake.params.published, measured), snakemake.output[0])
