"""All measures of the benchmark, averaged over datasets: one panel per measure, one bar per observer."""

from generative_classifiers.figures.benchmark import benchmark_panels
from generative_classifiers.figures.plot_styles import plot_styles
from generative_classifiers.figures.style import save
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of

snakemake = job(globals())

ranking = read(store_of(snakemake.input[0]))
figure = benchmark_panels(ranking, plot_styles(ranking, snakemake.params.labels, snakemake.params.highlights))
save(figure, snakemake.output.pdf, snakemake.output.png, ranking)
