"""What the trainings and the evidence of the study will cost."""

from generative_classifiers.evidence.cost_plan import as_text, forecast
from generative_classifiers.evidence.spent import spent_shares
from generative_classifiers.io.job import job
from generative_classifiers.study.load import load
from generative_classifiers.study.training_plan import training_plan

snakemake = job(globals())

study = load(snakemake.config)
trainings = training_plan(study)
if trainings:
    print(trainings, end="\n\n")
print(as_text(forecast(study, study.site.evaluations_per_second, spent_shares(study))))
