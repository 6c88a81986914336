"""Decisions of all observers on one dataset: read from files, or made from evidence."""

from pathlib import Path

from generative_classifiers.decisions.csv_files import read_answers, write_table
from generative_classifiers.decisions.from_evidence import answers_from_evidence, read_evidence
from generative_classifiers.decisions.side_by_side import gather_decisions
from generative_classifiers.io.job import job
from generative_classifiers.io.stores import store_of, write
from generative_classifiers.stimuli.manifests import read_manifest
from generative_classifiers.study.limit import taking_part
from generative_classifiers.study.load import load

snakemake = job(globals())

study, dataset = load(snakemake.config), snakemake.wildcards.dataset
files = dict(zip(study.simulated, snakemake.input.simulated, strict=True))
files |= dict(zip(study.answers_on(dataset), snakemake.input.answers, strict=True))
for manifest in snakemake.input.published:
    files |= {file.observer: file.path for file in read_manifest(manifest, Path(snakemake.params.folder))}
row = study.datasets[dataset]
answers = {}
for observer, file in files.items():
    found = read_answers(file, observer, row.kind, row.conditions)
    answers[observer] = found.take(taking_part(study, dataset, found.images.index, found.images))

identities = {}
for path in map(Path, snakemake.input.evidence):
    observer, evidence = path.parent.name, read_evidence(path, Path(snakemake.params.stimuli))
    answers[observer] = answers_from_evidence(evidence, study.weighting, source=str(path))
    identities[observer] = evidence.attrs["identity"]

# Members of the reference group have no rows of their own.
rows, reference = study.observers, study.reference_family
families = {observer: rows[observer].family if observer in rows else reference for observer in answers}
decisions = gather_decisions(dataset, answers, families)
write_table(decisions, snakemake.output.table)
write(
    decisions,
    store_of(snakemake.output.store),
    study=study.folder,
    weighting=study.weighting,
    evidence=identities,
)
