"""Decisions of all observers on one dataset: read from answers, or made from evidence."""

from pathlib import Path

from generative_classifiers.decisions.from_evidence import gather, write_table
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import read, store_of, write
from generative_classifiers.stimuli.downloads import read_manifest
from generative_classifiers.study.load import load

snakemake = job(globals())

study, dataset = load(snakemake.config), snakemake.wildcards.dataset
answers = dict(zip(study.simulated, map(Path, snakemake.input.simulated), strict=True))
answers |= dict(zip(study.answers_on(dataset), map(Path, snakemake.input.answers), strict=True))
for manifest in snakemake.input.published:
    answers |= {file.observer: file.path for file in read_manifest(manifest, Path(snakemake.params.folder))}
evidence = [store_of(path) for path in snakemake.input.evidence]
stores = {store.parent.name: read(store, drop=["reconstruction"]) for store in evidence}
# Members of the reference group have no rows of their own.
rows, reference = study.observers, study.reference_family
families = {name: rows[name].family if name in rows else reference for name in (*answers, *stores)}
result = gather(dataset, study.datasets[dataset], answers, stores, families, study.weighting)
write_table(result, snakemake.output.table)
write(
    result,
    store_of(snakemake.output.store),
    study=study.name,
    weighting=study.weighting,
    evidence={observer: store.attrs["fingerprint"] for observer, store in stores.items()},
)
