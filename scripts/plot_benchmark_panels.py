"""Figure 9: the benchmark's four measures, averaged over datasets."""

from generative_classifiers.figures.benchmark import panels
from generative_classifiers.figures.plot_styles import plot_styles
from generative_classifiers.figures.style import save
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of

snakemake = job(globals())

ranking = read(store_of(snakemake.input[0]))
rows = plot_styles(ranking, snakemake.params.labels, snakemake.params.families)
figure = panels(ranking, rows)
save(figure, snakemake.output.pdf, snakemake.output.png)
