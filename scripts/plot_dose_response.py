"""Question S6 of the lab: measures over the strength of noise and blur in training."""

from generative_classifiers.figures.dose_response import dose_curves
from generative_classifiers.figures.style import save
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of

snakemake = job(globals())

metrics = read(store_of(snakemake.input[0]))
figure = dose_curves(metrics, snakemake.params.labels)
save(figure, snakemake.output.pdf, snakemake.output.png, metrics)
