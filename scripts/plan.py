"""What the study's evidence will cost."""

from generative_classifiers.forecast import as_text, forecast
from generative_classifiers.job import job
from generative_classifiers.registry import load

snakemake = job(globals())

speed = snakemake.config.get("evaluations_per_second")
print(as_text(forecast(load(snakemake.config), speed), estimated=speed is None))
