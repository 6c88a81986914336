"""Read the stimuli in an archive or a folder, and check that they are the images that the humans saw."""

from pathlib import Path

from generative_classifiers.decisions.csv_files import read_answers
from generative_classifiers.decisions.side_by_side import images_seen
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import store_of, write
from generative_classifiers.stimuli.benchmark_archives import read_stimuli
from generative_classifiers.stimuli.content import content_hash
from generative_classifiers.stimuli.manifests import read_manifest
from generative_classifiers.study.limit import taking_part
from generative_classifiers.study.load import load

snakemake = job(globals())

study, dataset = load(snakemake.config), snakemake.wildcards.dataset
row = study.datasets[dataset]
images, *files = read_manifest(snakemake.input[0], Path(snakemake.params.folder))
answers = [read_answers(file.path, file.observer, row.kind, row.conditions) for file in files]
stimuli = read_stimuli(images.path, dataset, images_seen(answers))
stimuli = stimuli.isel(image=taking_part(study, dataset, stimuli["name"].values, stimuli))
write(
    stimuli,
    store_of(snakemake.output[0]),
    study=study.folder,
    dataset=dataset,
    content=content_hash(stimuli),
    source=images.place,
    sha256=images.sha256,
)
