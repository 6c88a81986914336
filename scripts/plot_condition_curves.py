"""Measures over the conditions of the parametric datasets: one curve per observer, of all groups or of one."""

from generative_classifiers.figures.condition_curves import condition_curves
from generative_classifiers.figures.plot_styles import plot_styles
from generative_classifiers.figures.style import save
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of

snakemake = job(globals())

metrics, params = read(store_of(snakemake.input[0])), snakemake.params
styles = plot_styles(metrics, params.labels, params.highlights)
if params.group:
    styles = styles[styles["is_reference"] | (styles["group"] == params.group)]
figure = condition_curves(metrics, styles, params.datasets, params.measures)
save(figure, snakemake.output.pdf, snakemake.output.png, metrics)
