"""Error consistency of all observers with each other, on one dataset."""

import pandas as pd

from generative_classifiers.figures.cells import only_cell
from generative_classifiers.figures.error_consistency import error_consistency
from generative_classifiers.figures.plot_styles import plot_styles
from generative_classifiers.figures.style import save
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of
from generative_classifiers.metrics.clustering import order_by_similarity

snakemake = job(globals())

metrics, params = read(store_of(snakemake.input[0])), snakemake.params
((dataset, axis),) = params.datasets.items()
styles = plot_styles(metrics, params.labels)
if params.matrix_order == "clustering":
    kappa = only_cell(metrics, dataset)["kappa"].transpose("observer", "other").to_pandas()
    groups = [members.index for _, members in styles.groupby("group_label", sort=False)]
    styles = pd.concat([styles.loc[group[order_by_similarity(kappa.loc[group, group].values)]] for group in groups])
save(
    error_consistency(metrics, styles, dataset, title=axis["label"]),
    snakemake.output.pdf,
    snakemake.output.png,
    metrics,
)
