"""Error consistency of all observers with each other, on one dataset."""

from generative_classifiers.figures.error_consistency import error_consistency
from generative_classifiers.figures.plot_styles import plot_styles
from generative_classifiers.figures.style import save
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of

snakemake = job(globals())

metrics = read(store_of(snakemake.input[0]))
((dataset, axis),) = snakemake.params.datasets.items()
figure = error_consistency(metrics, plot_styles(metrics, snakemake.params.labels), dataset, title=axis["label"])
save(figure, snakemake.output.pdf, snakemake.output.png, metrics)
