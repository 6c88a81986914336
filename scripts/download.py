"""Download published decisions, or the archive of a dataset with the decisions that it is checked against."""

from pathlib import Path

from generative_classifiers.io.job import job
from generative_classifiers.stimuli.downloads import Source, fetch_all, mirror, write_manifest

snakemake = job(globals())

sources = [Source(*source) for source in snakemake.params.sources]
files = fetch_all(sources, Path(snakemake.params.folder), mirror(snakemake.params.mirror))
write_manifest(files, snakemake.output[0], Path(snakemake.params.folder))
