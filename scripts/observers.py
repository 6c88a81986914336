"""The observers of the study, and whether their weights are available."""

from generative_classifiers.io.job import job
from generative_classifiers.models.loading.availability import as_text, survey
from generative_classifiers.stimuli.sources import mirror
from generative_classifiers.study.load import load

snakemake = job(globals())

study = load(snakemake.config)
print(as_text(survey(study, study.site.offline, mirror(study.site.mirror))))
