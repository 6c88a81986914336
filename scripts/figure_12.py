"""Figure 12: how the shape bias spreads over categories."""

from generative_classifiers.figures.roster import roster
from generative_classifiers.figures.shape_bias import boxplots
from generative_classifiers.figures.style import save
from generative_classifiers.job import job
from generative_classifiers.paper import with_published
from generative_classifiers.stores import read, store_of

snakemake = job(globals())

measured = read(store_of(snakemake.input[0]))
metrics = with_published(measured, snakemake.params.published, {"overall_shape_bias": "shape_bias"})
rows = roster(metrics, snakemake.params.labels, snakemake.params.families)
figure = boxplots(metrics, rows)
save(figure, snakemake.output.pdf, snakemake.output.png)
