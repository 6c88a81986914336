"""Figure 3: accuracy out of distribution, averaged over datasets."""

from generative_classifiers.figures.benchmark import skyline
from generative_classifiers.figures.plot_styles import plot_styles
from generative_classifiers.figures.style import save
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of

snakemake = job(globals())

ranking = read(store_of(snakemake.input[0]))
rows = plot_styles(ranking, snakemake.params.labels, snakemake.params.families)
figure = skyline(ranking, rows, "ood_accuracy")
save(figure, snakemake.output.pdf, snakemake.output.png)
