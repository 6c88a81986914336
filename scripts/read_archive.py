"""Turn a release archive into stimuli, checked against the images that the humans saw."""

from pathlib import Path

from generative_classifiers.decisions.published import images, read_answers
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import store_of, write
from generative_classifiers.stimuli.downloads import read_manifest
from generative_classifiers.stimuli.release import read_stimuli
from generative_classifiers.study.load import load

snakemake = job(globals())

study, dataset = load(snakemake.config), snakemake.wildcards.dataset
row = study.datasets[dataset]
archive, *files = read_manifest(snakemake.input[0], Path(snakemake.params.folder))
seen = images([read_answers(file.path, file.observer, row.kind, row.conditions) for file in files])
stimuli = read_stimuli(archive.path, dataset, seen)
write(
    stimuli,
    store_of(snakemake.output[0]),
    study=study.name,
    dataset=dataset,
    source=archive.url,
    sha256=archive.sha256,
)
