"""Figure 8: one stimulus, reconstructed by a masked model."""

from generative_classifiers.categories import CATEGORIES
from generative_classifiers.figures.exhibits import method
from generative_classifiers.figures.style import save
from generative_classifiers.job import job
from generative_classifiers.stores import read, store_of

snakemake = job(globals())

store = store_of(snakemake.input[0])
figure = method(read(store), snakemake.params.image, CATEGORIES, snakemake.params.labels[store.stem])
save(figure, snakemake.output.pdf, snakemake.output.png)
