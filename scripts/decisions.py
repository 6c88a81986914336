"""Decisions of all observers on one dataset: read from answers, or made from evidence."""

from pathlib import Path

from generative_classifiers.decisions.from_evidence import gather, write_table
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of, write
from generative_classifiers.stimuli.downloads import read_manifest

snakemake = job(globals())

dataset, params = snakemake.wildcards.dataset, snakemake.params
answers = dict(zip(params.simulated, map(Path, snakemake.input.simulated), strict=True))
answers |= dict(zip(params.answers, map(Path, snakemake.input.answers), strict=True))
for manifest in snakemake.input.published:
    answers |= {file.observer: file.path for file in read_manifest(manifest, Path(params.folder))}
evidence = [store_of(path) for path in snakemake.input.evidence]
stores = {store.parent.name: read(store, drop=["reconstruction"]) for store in evidence}
families = {observer: params.families.get(observer, params.reference) for observer in (*answers, *stores)}
result = gather(dataset, params.row, answers, stores, families, params.weighting)
write_table(result, snakemake.output.table)
write(
    result,
    store_of(snakemake.output.store),
    study=params.study,
    weighting=params.weighting,
    evidence={observer: store.attrs["fingerprint"] for observer, store in stores.items()},
)
