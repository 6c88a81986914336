"""`classify`: classify a folder of images."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from generative_classifiers.draws.levels import DRAWS, TIMES
from generative_classifiers.draws.weighting import RATE, WEIGHTINGS
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.prompts import PROMPT

HELP = "classify a folder of images"


def add_arguments(command: ArgumentParser) -> None:
    """Arguments of the command."""
    command.add_argument(
        "--observer", required=True, help="folder of a diffusers pipeline, hub id, or name of the registry"
    )
    command.add_argument("--images", required=True, help="folder of images")
    command.add_argument(
        "--out", required=True, help="evidence store to write, <name>.zarr; a killed run is gone on with"
    )
    command.add_argument("--categories", default=",".join(CATEGORIES), help="names, separated by commas")
    command.add_argument("--prompt", default=PROMPT, help="template of the prompts")
    command.add_argument("--draws", type=int, default=DRAWS, help="noise levels and samples per image")
    command.add_argument("--seed", type=int, default=0, help="of the noise")
    command.add_argument("--times", choices=TIMES, default="golden", help="how noise levels are chosen")
    command.add_argument("--weighting", choices=WEIGHTINGS, default="exponential", help="of the noise levels")
    command.add_argument("--rate", type=float, default=RATE, help="of the exponential weighting")
    command.add_argument("--reconstruct-draw", type=int, help="number of the draw whose denoised images are kept")
    command.add_argument("--batch-size", type=int, help="evaluations at once")
    command.add_argument("--device", default="auto", help="auto, cpu, cuda")
    command.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), help="precision of the network")
    command.add_argument("--threads", type=int, help="CPU threads")
    command.add_argument("--csv", help="file to write the decisions to as well")


def run(arguments: Namespace) -> None:
    """Classify, and print the decisions."""
    import torch  # slow to import: not before the arguments are known to be good

    from generative_classifiers.cli.classification import classify

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    table = classify(
        arguments.observer,
        arguments.images,
        arguments.out,
        [name.strip() for name in arguments.categories.split(",")],
        prompt=arguments.prompt,
        draws=arguments.draws,
        seed=arguments.seed,
        times=arguments.times,
        weighting=arguments.weighting,
        rate=arguments.rate,
        reconstruct=arguments.reconstruct_draw,
        batch_size=arguments.batch_size,
        device=arguments.device,
        dtype=arguments.dtype,
    )
    print(table.to_string(index=False))
    if arguments.csv:
        Path(arguments.csv).parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(arguments.csv, index=False)
