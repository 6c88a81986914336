"""All observers in one table: as CSV, and as a page that sorts, searches and filters."""

import pandas as pd

from generative_classifiers.figures.leaderboard import page
from generative_classifiers.figures.tables import write_text
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of
from generative_classifiers.metrics.leaderboard import leaderboard
from generative_classifiers.metrics.tables import write_table

snakemake = job(globals())

inputs, params = snakemake.input, snakemake.params
shape_bias = read(store_of(inputs.shape_bias)) if inputs.shape_bias else None
about = pd.DataFrame.from_dict(params.origins, orient="index").assign(label=pd.Series(params.labels))
table = leaderboard(read(store_of(inputs.ranking)), shape_bias, params.published, about)
write_table(table, snakemake.output.csv)
write_text(page(table, params.study), snakemake.output.html)
