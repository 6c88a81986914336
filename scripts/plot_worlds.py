"""Question S9 of the lab: the shape bias over the contrast and the period of the texture."""

from generative_classifiers.figures.plot_styles import plot_styles
from generative_classifiers.figures.style import save
from generative_classifiers.figures.worlds import world_curves
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of

snakemake = job(globals())

metrics = read(store_of(snakemake.input[0]))
figure = world_curves(
    metrics, plot_styles(metrics, snakemake.params.labels, snakemake.params.highlights), snakemake.params.labels
)
save(figure, snakemake.output.pdf, snakemake.output.png, metrics)
