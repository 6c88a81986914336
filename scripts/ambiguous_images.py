"""Ambiguous images, downloaded or made of drawings."""

from pathlib import Path

from generative_classifiers.io.job import job
from generative_classifiers.io.stores import store_of, write
from generative_classifiers.stimuli.ambiguous_images import ambiguous_images
from generative_classifiers.stimuli.manifests import read_manifest
from generative_classifiers.study.load import load

snakemake = job(globals())

study, folder = load(snakemake.config), Path(snakemake.params.folder)
rows = study.ambiguous_images
files = {file.observer: file for manifest in snakemake.input for file in read_manifest(manifest, folder)}
write(
    ambiguous_images(rows, {name: file.path for name, file in files.items()}, study.world),
    store_of(snakemake.output[0]),
    study=study.folder,
    ambiguous_images={name: row.as_params() for name, row in rows.items()},
    sha256={name: file.sha256 for name, file in files.items()},
)
