"""Who takes part, and whether their weights can be had."""

from generative_classifiers.availability import as_text, survey
from generative_classifiers.downloads import mirror
from generative_classifiers.job import job
from generative_classifiers.registry import load

snakemake = job(globals())

config = snakemake.config
print(as_text(survey(load(config), config.get("offline", False), mirror(config.get("mirror")))))
