"""Decisions of all observers on one dataset: read from files, or made from evidence."""

from pathlib import Path

from generative_classifiers.decisions.csv_files import write_table
from generative_classifiers.decisions.formats import READERS
from generative_classifiers.decisions.from_evidence import answers_from_evidence, read_evidence
from generative_classifiers.decisions.side_by_side import gather_decisions
from generative_classifiers.decisions.weightings import weighting_on
from generative_classifiers.draws.weighting import identity_of
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
    found = READERS[study.format_of(observer, dataset)](file, observer, row.kind, row.conditions)
    answers[observer] = found.take(taking_part(study, dataset, found.images.index, found.images))


def others_of(observer):
    """The evidence of an observer on the other datasets, if the weighting is fitted to it."""
    receipts = [path for path in map(Path, snakemake.input.others) if path.parent.name == observer]
    stimuli = Path(snakemake.params.stimuli).parent
    return {path.stem: read_evidence(path, stimuli / f"{path.stem}.zarr") for path in receipts}


identities, weightings = {}, {}
for path in map(Path, snakemake.input.evidence):
    observer, evidence = path.parent.name, read_evidence(path, Path(snakemake.params.stimuli))
    weighting = weighting_on(study.evidence.weighting, evidence, others_of(observer))
    answers[observer] = answers_from_evidence(evidence, weighting, source=str(path))
    identities[observer] = evidence.attrs["identity"]
    weightings[observer] = identity_of(weighting)

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
    **({"weightings": weightings} if snakemake.input.others else {}),
    evidence=identities,
)
