"""Decisions of the simulated observers, in files such as the benchmark has for humans."""

from pathlib import Path

import pandas as pd

from generative_classifiers.decisions.csv_files import write_answers
from generative_classifiers.decisions.simulated import Memory, respond
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of
from generative_classifiers.study.load import load

snakemake = job(globals())

study = load(snakemake.config)
memory = Memory(study.world.size)
outputs = iter(snakemake.output)
for path in snakemake.input:
    stimuli = read(store_of(path))
    shape, texture = memory.evidence(stimuli["image"].values)
    names, dataset = stimuli["name"].values, stimuli.attrs["dataset"]
    images = pd.DataFrame({name: stimuli[name].values for name in ("category", "condition")}, names, dtype=object)
    for observer, parameters in study.simulated.items():
        responses = respond(observer, parameters, names, shape, texture, dataset, study.world.seed)
        write_answers(Path(next(outputs)), observer, images, responses)
