"""`config.yaml`: which study, and the settings of this site."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer

from generative_classifiers.io.paths import ROOT
from generative_classifiers.study.folders import CACHE, check_cache
from generative_classifiers.study.validation import LARGEST_BATCH, Limit, Name, Strict, Text, form, validated
from generative_classifiers.study.yaml_files import YamlFile


def _read_bool(value: Any) -> Any:
    """`--config compile=true` gives a text, where YAML gives a boolean."""
    return {"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value


Flag = Annotated[bool, BeforeValidator(_read_bool), PlainSerializer(bool)]


class Site(Strict):
    """The content of `config.yaml`, as the command line has changed it."""

    study: Name = Field(description="The name of a file in studies/.")
    limit: Limit | None = Field(
        None, description="A small trial on so many images of each condition and category; null: what the study says."
    )
    mirror: form(r"^https?://[^/\s]+\S*$", "an address, http://… or https://…") | None = Field(
        None, description="A server to download from instead of the files' own servers."
    )
    imagenet: Text | None = Field(None, description="The folder of ImageNet, for training.")
    retrain: Flag = Field(False, description="Train the miniature's models anew instead of using weights/.")
    device: form(r"^(auto|cpu|cuda(:[0-9]+)?)$", "auto, cpu, cuda or cuda:<number>") = Field(
        "auto", description="Where models run."
    )
    batch_size: Annotated[int, Field(ge=1, le=LARGEST_BATCH)] | None = Field(
        None, description="Evaluations of a network at once; null takes each observer's own."
    )
    compile: Flag = Field(False, description="Compile networks before they are used.")
    evidence_cache: Text | None = Field(
        None, description="The folder of the cache of evidence, which several studies and clones can share."
    )
    hours_per_job: Annotated[float, Field(gt=0, le=10_000)] | None = Field(
        None, description="Split the evidence of an observer on a dataset into jobs of about so many hours."
    )
    images_per_job: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        None, description="Split it into jobs of about so many images instead."
    )
    evaluations_per_second: Annotated[float, Field(gt=0)] | None = Field(
        None, description="For the forecast of `snakemake plan`; null takes each observer's own."
    )
    offline: Flag = Field(False, description="Ask no server whether it has the observers' weights.")

    @property
    def cache(self) -> Path:
        """The folder of the cache of evidence."""
        return Path(self.evidence_cache or CACHE)


def load_site(config: dict[str, Any], root: Path = ROOT) -> Site:
    """Check `config.yaml` and the settings of the command line.

    Raises
    ------
    InputError
        That names the key, and what was expected; or the line of `config.yaml` that repeats a key.
    """
    if (root / "config.yaml").is_file():
        YamlFile(root / "config.yaml", root)  # Snakemake's own reader keeps the last of two equal keys silently
    site = validated(Site, config, lambda *keys: ": ".join(["config.yaml or --config", *map(str, keys)]))
    if site.evidence_cache:
        check_cache(site.evidence_cache, root)
    return site
