"""Figure 7: ambiguous images, reconstructed under each of their readings."""

from generative_classifiers.figures.example_images import ambiguous_images
from generative_classifiers.figures.style import save
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of

snakemake = job(globals())

images = read(store_of(snakemake.input.images))
stores = [store_of(path) for path in snakemake.input.reconstructions]
example_images = {store.stem: read(store) for store in stores}
readings = {name: row["readings"] for name, row in snakemake.params.rows.items()}
figure = ambiguous_images(images, readings, example_images, snakemake.params.labels)
save(figure, snakemake.output.pdf, snakemake.output.png)
