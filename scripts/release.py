"""Turn a release archive into stimuli, checked against the images that the humans saw."""

from pathlib import Path

from generative_classifiers.decisions.published import images, read_answers
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import store_of, write
from generative_classifiers.stimuli.downloads import read_manifest
from generative_classifiers.stimuli.release import read_stimuli

snakemake = job(globals())

dataset, row = snakemake.wildcards.dataset, snakemake.params.row
archive, *files = read_manifest(snakemake.input[0], Path(snakemake.params.folder))
seen = images([read_answers(file.path, file.observer, row["kind"], row["conditions"]) for file in files])
stimuli = read_stimuli(archive.path, dataset, seen)
write(
    stimuli,
    store_of(snakemake.output[0]),
    study=snakemake.params.study,
    dataset=dataset,
    source=archive.url,
    sha256=archive.sha256,
)
