"""The study's stimulus, and an observer's reconstructions of it under the prompts of all categories."""

from generative_classifiers.figures.reconstructions import reconstructions
from generative_classifiers.figures.style import save
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of
from generative_classifiers.study.categories import CATEGORIES

snakemake = job(globals())

params, store = snakemake.params, store_of(snakemake.input[0])
shown = read(store)
figure = reconstructions(shown, params.stimulus, CATEGORIES, params.labels[store.stem])
save(figure, snakemake.output.pdf, snakemake.output.png, shown)
