"""Figure 11: accuracy on the nonparametric datasets."""

from generative_classifiers.figures.nonparametric import nonparametric
from generative_classifiers.figures.plot_styles import plot_styles
from generative_classifiers.figures.style import save
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of

snakemake = job(globals())

metrics = read(store_of(snakemake.input[0]))
rows = plot_styles(metrics, snakemake.params.labels, snakemake.params.families)
figure = nonparametric(metrics, rows, snakemake.params.datasets)
save(figure, snakemake.output.pdf, snakemake.output.png)
