"""Question S8 of the lab: loss of accuracy by frequency, and centres of channels over the shape bias."""

from generative_classifiers.figures.channels import channel_curves
from generative_classifiers.figures.plot_styles import plot_styles
from generative_classifiers.figures.style import save
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of

snakemake = job(globals())

metrics = read(store_of(snakemake.input[0]))
figure = channel_curves(metrics, plot_styles(metrics, snakemake.params.labels, snakemake.params.highlights))
save(figure, snakemake.output.pdf, snakemake.output.png, metrics)
