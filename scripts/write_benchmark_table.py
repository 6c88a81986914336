"""Table 2: how human-like the decisions are, measured and as published."""

from generative_classifiers.figures.plot_styles import plot_styles
from generative_classifiers.figures.tables import latex, listing, markdown, printed, write_text
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of
from generative_classifiers.metrics.tables import write_table

snakemake = job(globals())

ranking = read(store_of(snakemake.input[0]))
rows = plot_styles(ranking, snakemake.params.labels, snakemake.params.families)
table = listing(ranking, rows, "table_2")
cells = printed(table, "table_2")
write_table(table, snakemake.output.csv)
write_text(markdown(cells), snakemake.output.md)
write_text(latex(cells), snakemake.output.tex)
