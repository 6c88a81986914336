"""What the study's evidence will cost."""

from generative_classifiers.evidence.cost_plan import as_text, forecast
from generative_classifiers.io.job import job
from generative_classifiers.study.registry import load

snakemake = job(globals())

speed = snakemake.config.get("evaluations_per_second")
print(as_text(forecast(load(snakemake.config), speed), estimated=speed is None))
