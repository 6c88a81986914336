"""Figure 4: accuracy of the generative models on the parametric datasets."""

from generative_classifiers.figures.curves import curves
from generative_classifiers.figures.roster import roster
from generative_classifiers.figures.style import save
from generative_classifiers.job import job
from generative_classifiers.stores import read, store_of

snakemake = job(globals())

metrics = read(store_of(snakemake.input[0]))
rows = roster(metrics, snakemake.params.labels, snakemake.params.families)
rows = rows[rows["is_reference"] | rows.index.isin(snakemake.params.generative)]
figure = curves(metrics, rows, snakemake.params.datasets)
save(figure, snakemake.output.pdf, snakemake.output.png)
