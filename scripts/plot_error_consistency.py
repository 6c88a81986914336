"""Figure 6: error consistency of all observers with each other, cue conflicts."""

from generative_classifiers.figures.consistency_matrix import consistency_matrix
from generative_classifiers.figures.plot_styles import plot_styles
from generative_classifiers.figures.style import save
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of

snakemake = job(globals())

metrics = read(store_of(snakemake.input[0]))
rows = plot_styles(metrics, snakemake.params.labels, snakemake.params.families)
figure = consistency_matrix(metrics, rows, snakemake.params.dataset, snakemake.params.title)
save(figure, snakemake.output.pdf, snakemake.output.png)
