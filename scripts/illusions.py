"""Ambiguous images, from downloaded files or from drawings."""

from pathlib import Path

from generative_classifiers.downloads import read_manifest
from generative_classifiers.illusions import illusions
from generative_classifiers.job import job
from generative_classifiers.stores import store_of, write

snakemake = job(globals())

rows, folder = snakemake.params.rows, Path(snakemake.params.folder)
files = {file.observer: file for manifest in snakemake.input for file in read_manifest(manifest, folder)}
stimuli = illusions(rows, {name: file.path for name, file in files.items()}, snakemake.params.world)
sha256 = {name: file.sha256 for name, file in files.items()}
write(stimuli, store_of(snakemake.output[0]), study=snakemake.params.study, illusions=rows, sha256=sha256)
