"""Who takes part, and whether their weights can be had."""

from generative_classifiers.io.job import job
from generative_classifiers.models.loading.availability import as_text, survey
from generative_classifiers.stimuli.downloads import mirror
from generative_classifiers.study.registry import load

snakemake = job(globals())

config = snakemake.config
print(as_text(survey(load(config), config.get("offline", False), mirror(config.get("mirror")))))
