"""Accuracy on nonparametric datasets: one panel per dataset, one bar per observer."""

from generative_classifiers.figures.nonparametric_accuracy import nonparametric_accuracy
from generative_classifiers.figures.plot_styles import plot_styles
from generative_classifiers.figures.style import save
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of

snakemake = job(globals())

metrics, params = read(store_of(snakemake.input[0])), snakemake.params
labels = {dataset: axis["label"] for dataset, axis in params.datasets.items()}
figure = nonparametric_accuracy(metrics, plot_styles(metrics, params.labels, params.highlights), labels)
save(figure, snakemake.output.pdf, snakemake.output.png, metrics)
