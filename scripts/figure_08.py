"""Figure 8: one stimulus, reconstructed by a masked model."""

from generative_classifiers.categories import CATEGORIES
from generative_classifiers.figures.exhibits import method
from generative_classifiers.figures.style import save
from generative_classifiers.job import job
from generative_classifiers.stores import read, store_of

snakemake = job(globals())

params = snakemake.params
figure = method(read(store_of(snakemake.input[0])), params.image, CATEGORIES, params.labels[params.shown[0]])
save(figure, snakemake.output.pdf, snakemake.output.png)
