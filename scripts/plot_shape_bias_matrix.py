"""Shape bias by category, of measured and published observers."""

from generative_classifiers.decisions.published_numbers import with_published
from generative_classifiers.figures.plot_styles import plot_styles
from generative_classifiers.figures.shape_bias_matrix import shape_bias_matrix
from generative_classifiers.figures.style import save
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of

snakemake = job(globals())

measured = read(store_of(snakemake.input[0]))
metrics = with_published(measured, snakemake.params.published, {"overall_shape_bias": "shape_bias"})
figure = shape_bias_matrix(metrics, plot_styles(metrics, snakemake.params.labels, snakemake.params.highlights))
save(figure, snakemake.output.pdf, snakemake.output.png, measured)
