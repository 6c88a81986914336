"""Figure 1: shape bias by category."""

from generative_classifiers.figures.roster import roster
from generative_classifiers.figures.shape_bias import matrix
from generative_classifiers.figures.style import save
from generative_classifiers.job import job
from generative_classifiers.stores import read, store_of

snakemake = job(globals())

metrics = read(store_of(snakemake.input[0]))
rows = roster(metrics, snakemake.params.labels, snakemake.params.families)
figure = matrix(metrics, rows)
save(figure, snakemake.output.pdf, snakemake.output.png)
