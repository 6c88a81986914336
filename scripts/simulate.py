"""Ask the simulated observers, and write their answers as the benchmark writes those of humans."""

from pathlib import Path

import pandas as pd

from generative_classifiers.decisions.published import write_answers
from generative_classifiers.decisions.simulated import Memory, respond
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of
from generative_classifiers.study.load import load

snakemake = job(globals())

study = load(snakemake.config)
memory = Memory(study.world.size)
answers = iter(snakemake.output)
for path in snakemake.input:
    stimuli = read(store_of(path))
    shape, texture = memory.evidence(stimuli["image"].values)
    names = stimuli["name"].values
    images = pd.DataFrame({name: stimuli[name].values for name in ("category", "condition")}, names, dtype=object)
    for observer, parameters in study.simulated.items():
        responses = respond(observer, parameters, names, shape, texture, stimuli.attrs["dataset"], study.world.seed)
        write_answers(Path(next(answers)), observer, images, responses)
