"""The decisions of a study that trains networks: those that are here, or else those of its archive."""

import json
from pathlib import Path

from generative_classifiers.evidence.trained_models import decisions_of
from generative_classifiers.io.atomic import atomic_write
from generative_classifiers.io.job import job
from generative_classifiers.study.load import load

snakemake = job(globals())

params = snakemake.params
cache = load(snakemake.config).cache
found = decisions_of(params.trained_by, params.decisions, Path(params.archive), Path(), cache)
with atomic_write(Path(snakemake.output[0])) as partial:
    partial.write_text(json.dumps(found, indent=1) + "\n")
