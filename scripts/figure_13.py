"""Figure 13: shape bias before and after training with diffusion noise."""

from generative_classifiers.figures.noise_training import noise_training
from generative_classifiers.figures.roster import roster
from generative_classifiers.figures.style import save
from generative_classifiers.job import job
from generative_classifiers.paper import with_published
from generative_classifiers.stores import read, store_of

snakemake = job(globals())

measured = read(store_of(snakemake.input[0]))
metrics = with_published(measured, snakemake.params.published, {"overall_shape_bias": "shape_bias"})
rows = roster(metrics, snakemake.params.labels, snakemake.params.families)
figure = noise_training(metrics, rows, snakemake.params.without_noise)
save(figure, snakemake.output.pdf, snakemake.output.png)
