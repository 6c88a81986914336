"""Download published decisions, or the archive of a dataset with the decisions that it is checked against."""

from pathlib import Path

from generative_classifiers.io.job import job
from generative_classifiers.stimuli.downloads import fetch_all
from generative_classifiers.stimuli.manifests import write_manifest
from generative_classifiers.stimuli.sources import Source, mirror
from generative_classifiers.study.site import load_site

snakemake = job(globals())

sources = [Source(*source) for source in snakemake.params.sources]
folder = Path(snakemake.params.folder)
# The mirror is no parameter of the rule: the files are the same from any server.
files = fetch_all(sources, folder, mirror(load_site(snakemake.config).mirror))
write_manifest(files, snakemake.output[0], folder)
