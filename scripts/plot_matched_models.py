"""Question S7 of the lab: matched models, and what their factors explain."""

from generative_classifiers.figures.matched_models import factor_panels
from generative_classifiers.figures.plot_styles import plot_styles
from generative_classifiers.figures.style import save
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of

snakemake = job(globals())

metrics = read(store_of(snakemake.input[0]))
figure = factor_panels(metrics, plot_styles(metrics, snakemake.params.labels, snakemake.params.highlights))
save(figure, snakemake.output.pdf, snakemake.output.png, metrics)
