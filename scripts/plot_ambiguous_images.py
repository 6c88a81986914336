"""The study's ambiguous images, and observers' reconstructions of them under the prompts of their readings."""

from generative_classifiers.figures.reconstructions import ambiguous_images
from generative_classifiers.figures.style import save
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of

snakemake = job(globals())

images, *stores = map(store_of, snakemake.input)
example_images = {store.stem: read(store) for store in stores}
readings = {name: row["readings"] for name, row in snakemake.params.ambiguous_images.items()}
figure = ambiguous_images(read(images), readings, example_images, snakemake.params.labels)
save(figure, snakemake.output.pdf, snakemake.output.png, *example_images.values())
