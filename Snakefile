# From stimuli to figures: how human-like are generative classifiers? See README.md.
from snakemake.utils import min_version

min_version("9.20")


configfile: "config.yaml"


report: "docs/captions/workflow.rst"


# The image that `--sdm conda apptainer` runs jobs in, built from envs/Dockerfile: docs/cluster.md.
containerized: "envs/generative-classifiers.sif"


import gc
import sys

# The plan of thousands of jobs has millions of objects that stay: look less often which of them are garbage.
gc.set_threshold(100_000)
sys.path.insert(0, f"{workflow.basedir}/scripts")

from generative_classifiers.evidence.recorded import recorded_content, recorded_weights
from generative_classifiers.evidence.restored import evidence_inputs, example_inputs
from generative_classifiers.evidence.shares import share_receipts, split_observers
from generative_classifiers.figures import captions
from generative_classifiers.io.cpu_time import cpu_seconds
from generative_classifiers.io.dry_run import Page
from generative_classifiers.io.forks import share_imports
from generative_classifiers.io.job import share_library
from generative_classifiers.study import (
    coverage,
    example_images,
    targets,
    training_targets,
)
from generative_classifiers.study.figures import load_figures
from generative_classifiers.study.levels import load_levels
from generative_classifiers.study.load import load
from generative_classifiers.study.origins import origins
from generative_classifiers.study.views import has_view, without_views

share_library()
STUDY = load(config)
DATA = f"data/{STUDY.folder}"
FIGURES = f"figures/{STUDY.folder}"
DOWNLOADS = "data/downloads"

# `snakemake -n --verbose` lists all jobs.
if workflow.output_settings.dryrun and not workflow.output_settings.verbose:
    logger.addFilter(Page())

if workflow.is_main_process:
    share_imports()
    for name, reason in STUDY.left_out.items():
        print(f"{name} is left out: {reason}", file=sys.stderr)


onsuccess:
    print(f"CPU time on this machine: {cpu_seconds():,.0f} s", file=sys.stderr)


wildcard_constraints:
    dataset=targets.either(STUDY.datasets),
    observer=targets.either(STUDY.observers),


localrules:
    all,
    metrics,
    figures,
    trainings,
    download,
    download_ambiguous_images,


rule all:
    default_target: True
    input:
        targets.stimuli(STUDY),
        targets.metrics(STUDY),
        targets.figures(STUDY),
        targets.tables(STUDY),


rule metrics:
    input:
        targets.metrics(STUDY),


rule figures:
    input:
        targets.figures(STUDY),
        targets.tables(STUDY),


rule trainings:
    input:
        targets.trainings(STUDY),


include: "rules/inputs.smk"
include: "rules/stimuli.smk"
include: "rules/models.smk"
include: "rules/training.smk"
include: "rules/evidence.smk"
include: "rules/decisions.smk"
include: "rules/metrics.smk"
include: "rules/lab.smk"
include: "rules/report.smk"
include: "rules/figures.smk"
include: "rules/tables.smk"
