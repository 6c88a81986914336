"""The command `classify`."""

from argparse import ArgumentParser, Namespace

from generative_classifiers.cli.arguments import (
    check_output,
    device,
    names,
    path,
    rate,
    whole_number,
    write_csv,
)
from generative_classifiers.draws.levels import DRAWS, TIMES
from generative_classifiers.draws.weighting import RATE, WEIGHTINGS
from generative_classifiers.evidence.pruning import TESTS
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.prompts import PROMPT
from generative_classifiers.study.settings import Pruning
from generative_classifiers.study.validation import LARGEST_BATCH, LARGEST_SEED, MOST_DRAWS, MOST_IMAGES, validated

MOST_THREADS = 1024
HELP = "classify a folder of images"
DESCRIPTION = "Classify a folder of images by any model, without a study."


def add_arguments(command: ArgumentParser) -> None:
    """Add the arguments of the command to a parser."""
    command.add_argument(
        "--observer", required=True, help="folder of a diffusers pipeline, hub id, or name in registry/observers.yaml"
    )
    command.add_argument("--images", type=path, required=True, help="folder of images")
    command.add_argument(
        "--out",
        type=path,
        required=True,
        help="store to write the evidence to, <name>.zarr; an interrupted run with the same settings is continued",
    )
    command.add_argument(
        "--categories",
        type=names,
        default=",".join(CATEGORIES),
        help="categories, separated by commas (double quotes around a name with a comma), or @file with one a line",
    )
    command.add_argument(
        "--prompt",
        action="append",
        help="prompt, with {category} in the place of the category; may be given several times, then the losses of a "
        f"category's prompts are averaged; by default {PROMPT!r}",
    )
    command.add_argument(
        "--limit", metavar="N", type=whole_number(1, MOST_IMAGES), help="classify the first N images of each folder"
    )
    command.add_argument("--revision", help="commit of the hub's repository")
    command.add_argument("--variant", help="variant of the weights' files, for example fp16")
    command.add_argument(
        "--draws",
        metavar="N",
        type=whole_number(1, MOST_DRAWS),
        default=DRAWS,
        help="noise levels, each with one noise sample",
    )
    command.add_argument("--seed", type=whole_number(0, LARGEST_SEED), default=0, help="seed of the noise")
    command.add_argument(
        "--times",
        choices=(*TIMES, "weighted"),
        default="golden",
        help="how noise levels are chosen: evenly spread, at random, or where they tell categories apart, by the "
        "observer's row of registry/levels.yaml",
    )
    command.add_argument("--test", choices=TESTS, help="give categories that cannot win no more draws, by this test")
    command.add_argument("--level", type=float, default=0.05, help="significance level of --test")
    command.add_argument(
        "--min", metavar="N", type=whole_number(1, MOST_DRAWS), default=4, help="draws of every category with --test"
    )
    command.add_argument(
        "--weighting",
        choices=WEIGHTINGS,
        default="exponential",
        help="how much each noise level counts",
    )
    command.add_argument("--rate", type=rate, default=RATE, help="rate of the exponential weighting")
    command.add_argument(
        "--reconstruct-draw",
        metavar="N",
        type=whole_number(0, MOST_DRAWS - 1),
        help="keep reconstructions of draw N, from 0",
    )
    command.add_argument(
        "--batch-size", metavar="N", type=whole_number(1, LARGEST_BATCH), help="evaluations of the network at once"
    )
    command.add_argument(
        "--device", type=device, default="auto", help="auto (a GPU if there is one), cpu, cuda or cuda:<number>"
    )
    command.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), help="precision of the network")
    command.add_argument("--threads", metavar="N", type=whole_number(1, MOST_THREADS), help="number of CPU threads")
    command.add_argument("--csv", type=path, help="file to write the decisions to, in addition to the screen")


def run(arguments: Namespace) -> None:
    """Classify the images and print the decisions."""
    if arguments.csv:
        check_output(arguments.csv)
    import torch  # imported here because it is slow, and errors in the arguments should appear at once

    from generative_classifiers.cli.classify_folder import classify

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    table = classify(
        arguments.observer,
        arguments.images,
        arguments.out,
        arguments.categories,
        prompt=arguments.prompt or PROMPT,
        limit=arguments.limit,
        revision=arguments.revision,
        variant=arguments.variant,
        draws=_draws(arguments),
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
        write_csv(table, arguments.csv)


def _draws(arguments: Namespace) -> int | Pruning:
    """The number of draws, or the pruning that the arguments ask for."""
    if not arguments.test:
        return arguments.draws
    settings = {"min": arguments.min, "max": arguments.draws, "test": arguments.test, "level": arguments.level}
    return validated(Pruning, settings, lambda key="test", *_: "--draws" if key == "max" else f"--{key}")
