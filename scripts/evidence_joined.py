"""Evidence that several jobs have filled: check that all of it exists."""

from pathlib import Path

from generative_classifiers.evidence.receipt import join
from generative_classifiers.io.job import job

snakemake = job(globals())

join([Path(path) for path in snakemake.input.shares]).publish(Path(snakemake.output[0]))
