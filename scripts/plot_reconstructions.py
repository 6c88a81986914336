"""Figure 2: the method on one stimulus."""

from generative_classifiers.figures.example_images import method
from generative_classifiers.figures.style import save
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of
from generative_classifiers.study.categories import CATEGORIES

snakemake = job(globals())

params = snakemake.params
figure = method(read(store_of(snakemake.input[0])), params.image, CATEGORIES, params.labels[params.shown[0]])
save(figure, snakemake.output.pdf, snakemake.output.png)
