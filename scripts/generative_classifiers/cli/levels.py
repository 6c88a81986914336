"""`generative-classifiers levels`: measure where a model's noise levels tell categories apart."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from generative_classifiers.cli.arguments import whole_number
from generative_classifiers.io.errors import InputError
from generative_classifiers.study.observer import ModelObserver
from generative_classifiers.study.validation import MOST_IMAGES

HELP = "measure a model's row of registry/levels.yaml"
DESCRIPTION = """
Evaluate some images of a study at 24 noise levels, with two samples of noise each, and print how much the losses of
categories differ there: a row of registry/levels.yaml. The study's stimuli must be there already. Do it before the
study's evidence is computed, since the noise levels of `times: weighted` depend on it.
"""


def add_arguments(command: ArgumentParser) -> None:
    command.add_argument("observers", nargs="+", metavar="OBSERVER", help="a diffusion model of the study")
    command.add_argument("--study", default="miniature", help="the study with the images and the prompts")
    command.add_argument("--images", type=whole_number(2, MOST_IMAGES), default=32, help="how many, of all datasets")
    command.add_argument("--device", default="auto", help="auto, cpu, cuda, …")


def run(arguments: Namespace) -> None:
    import torch
    import yaml

    from generative_classifiers import models
    from generative_classifiers.evidence.level_measurement import measure_levels, some_images
    from generative_classifiers.study.levels import load_levels
    from generative_classifiers.study.load import load

    study = load({"study": arguments.study})
    stimuli = some_images(study, arguments.images)
    torch.set_num_threads(1)
    for name in arguments.observers:
        row = study.observers.get(name)
        if not isinstance(row, ModelObserver) or row.family != "diffusion":
            raise InputError(f"{name}: expected a diffusion model of the study {study.name}")
        made = study.weights(name)
        path = Path(made) if made else None
        model = models.load(name, row, study.prompts, path=path, device=arguments.device)
        known = load_levels().get(name)
        found: dict[str, Any] = {"measured_on": {"study": study.folder, "images": arguments.images}}
        if known and known.stands_for:
            found["stands_for"] = known.stands_for
        found |= {key: rounded(value) for key, value in measure_levels(model, stimuli).identity.items()}
        print(
            yaml.safe_dump({name: found}, sort_keys=False, default_flow_style=None, width=120),
            end="",
            flush=True,
        )


def rounded(number: Any) -> Any:
    """Four digits, which is more than the images tell."""
    return [rounded(each) for each in number] if isinstance(number, list) else float(f"{number:.4g}")
