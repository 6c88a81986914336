"""Ask the simulated observers, and write their answers as the benchmark writes people's."""

from pathlib import Path

import pandas as pd

from generative_classifiers.decisions.published import write_answers
from generative_classifiers.decisions.simulated import Memory, respond
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of

snakemake = job(globals())

observers, seed = snakemake.params.observers, snakemake.params.world["seed"]
memory = Memory(snakemake.params.world["size"])
answers = iter(snakemake.output)
for path in snakemake.input:
    stimuli = read(store_of(path))
    shape, texture = memory.evidence(stimuli["image"].values)
    names, seen = stimuli["name"].values, ("category", "condition")
    images = pd.DataFrame({name: stimuli[name].values for name in seen}, names, dtype=object)
    for observer, habits in observers.items():
        responses = respond(observer, habits, names, shape, texture, stimuli.attrs["dataset"], seed)
        write_answers(Path(next(answers)), observer, images, responses)
