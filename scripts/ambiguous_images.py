"""Ambiguous images, from downloaded files or from drawings."""

from pathlib import Path

from generative_classifiers.io.job import job
from generative_classifiers.io.stores import store_of, write
from generative_classifiers.stimuli.ambiguous_images import ambiguous_images
from generative_classifiers.stimuli.downloads import read_manifest

snakemake = job(globals())

rows, folder = snakemake.params.rows, Path(snakemake.params.folder)
files = {file.observer: file for manifest in snakemake.input for file in read_manifest(manifest, folder)}
stimuli = ambiguous_images(rows, {name: file.path for name, file in files.items()}, snakemake.params.world)
sha256 = {name: file.sha256 for name, file in files.items()}
write(stimuli, store_of(snakemake.output[0]), study=snakemake.params.study, ambiguous_images=rows, sha256=sha256)
