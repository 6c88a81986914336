"""`distort`: make datasets of distorted images from a folder."""

from argparse import ArgumentParser, Namespace

from generative_classifiers.stimuli.distorted_folder import distort
from generative_classifiers.stimuli.distortions import DISTORTIONS
from generative_classifiers.stimuli.distortions.frequency import REFERENCE_SIZE

HELP = "make datasets of distorted images from a folder"


def add_arguments(command: ArgumentParser) -> None:
    """Arguments of the command."""
    command.add_argument("folder", help="of images: <category>/<image>, or flat")
    command.add_argument("out", help="folder to write to: <dataset>.zarr")
    command.add_argument("--datasets", default=",".join(DISTORTIONS), help="names, separated by commas")
    command.add_argument("--size", type=int, default=REFERENCE_SIZE, help="pixels a side; strengths scale with it")
    command.add_argument("--seed", type=int, default=0, help="of all that is random")
    command.add_argument("--spread", action="store_true", help="each image in one condition only, as in the benchmark")
    command.add_argument(
        "--png", action="store_true", help="files as well: <dataset>/<condition>/<category>/<image>.png"
    )


def run(arguments: Namespace) -> None:
    """Distort, and print where the stores are."""
    stores = distort(
        arguments.folder,
        arguments.out,
        [name.strip() for name in arguments.datasets.split(",")],
        size=arguments.size,
        seed=arguments.seed,
        spread=arguments.spread,
        png=arguments.png,
    )
    print(*stores.values(), sep="\n")
