"""Figure 9: the benchmark's four measures, averaged over datasets."""

from generative_classifiers.figures.benchmark import panels
from generative_classifiers.figures.roster import roster
from generative_classifiers.figures.style import save
from generative_classifiers.job import job
from generative_classifiers.stores import read, store_of

snakemake = job(globals())

ranking = read(store_of(snakemake.input[0]))
rows = roster(ranking, snakemake.params.labels, snakemake.params.families)
figure = panels(ranking, rows)
save(figure, snakemake.output.pdf, snakemake.output.png)
