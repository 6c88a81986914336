"""Ask the simulated observers, and write their answers as the benchmark writes people's."""

import csv
from pathlib import Path

from generative_classifiers.job import job
from generative_classifiers.published import COLUMNS
from generative_classifiers.simulated import Memory, respond, trials
from generative_classifiers.stores import read, store_of

snakemake = job(globals())

observers, seed = snakemake.params.observers, snakemake.params.world["seed"]
memory = Memory(snakemake.params.world["size"])
answers = iter(snakemake.output)
for path in snakemake.input:
    stimuli = read(store_of(path))
    shape, texture = memory.evidence(stimuli["image"].values)
    for observer, habits in observers.items():
        names = stimuli["name"].values
        responses = respond(observer, habits, names, shape, texture, stimuli.attrs["dataset"], seed)
        with Path(next(answers)).open("w", newline="") as handle:
            table = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
            table.writeheader()
            table.writerows(trials(observer, stimuli, responses))
