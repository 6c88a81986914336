"""Figure 7: ambiguous images, reconstructed under each of their readings."""

from generative_classifiers.figures.exhibits import illusions
from generative_classifiers.figures.style import save
from generative_classifiers.job import job
from generative_classifiers.stores import read, store_of

snakemake = job(globals())

images = read(store_of(snakemake.input.images))
stores = [store_of(path) for path in snakemake.input.reconstructions]
exhibits = {store.stem: read(store) for store in stores}
readings = {name: row["readings"] for name, row in snakemake.params.rows.items()}
figure = illusions(images, readings, exhibits, snakemake.params.labels)
save(figure, snakemake.output.pdf, snakemake.output.png)
