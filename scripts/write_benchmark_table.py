"""A table of the benchmark, of measured and published observers, as CSV, Markdown and LaTeX."""

from generative_classifiers.figures.plot_styles import plot_styles
from generative_classifiers.figures.tables import benchmark_table, latex, markdown, rounded, write_text
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of
from generative_classifiers.metrics.tables import write_table

snakemake = job(globals())

ranking, params = read(store_of(snakemake.input[0])), snakemake.params
table = benchmark_table(ranking, plot_styles(ranking, params.labels), params.measures, params.rank)
text = rounded(table, params.measures, params.rank)
write_table(table, snakemake.output.csv)
write_text(markdown(text), snakemake.output.md)
write_text(latex(text), snakemake.output.tex)
