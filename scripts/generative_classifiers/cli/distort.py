"""The command `distort`."""

from argparse import ArgumentParser, Namespace

from generative_classifiers.cli.arguments import check_output, names, path, whole_number
from generative_classifiers.stimuli.distort_folder import LARGEST, SMALLEST, distort
from generative_classifiers.stimuli.distortions import DISTORTIONS, OF_BENCHMARK
from generative_classifiers.stimuli.distortions.frequency import REFERENCE_SIZE
from generative_classifiers.study.validation import LARGEST_SEED

HELP = "make datasets of distorted images from a folder of images"
DESCRIPTION = (
    "Make the 12 parametric datasets of the benchmark, some of them, or frequency-bands from a folder of images."
)


def add_arguments(command: ArgumentParser) -> None:
    """Add the arguments of the command to a parser."""
    command.add_argument("folder", type=path, help="folder with images at <category>/<image>, or directly in it")
    command.add_argument("out", type=path, help="folder to write the stores <dataset>.zarr to")
    command.add_argument(
        "--datasets",
        type=names,
        default=",".join(OF_BENCHMARK),
        help=f"datasets to make, separated by commas, of: {', '.join(DISTORTIONS)}",
    )
    command.add_argument(
        "--size",
        type=whole_number(SMALLEST, LARGEST),
        default=REFERENCE_SIZE,
        help="pixels along a side; lengths of distortions scale with it",
    )
    command.add_argument("--seed", type=whole_number(0, LARGEST_SEED), default=0, help="seed of everything random")
    command.add_argument(
        "--spread", action="store_true", help="show each image in one condition only, as in the benchmark"
    )
    command.add_argument(
        "--png", action="store_true", help="also write image files: <dataset>/<condition>/<category>/<image>.png"
    )


def run(arguments: Namespace) -> None:
    """Distort the images and print where the stores are."""
    check_output(arguments.out, "folder")
    stores = distort(
        arguments.folder,
        arguments.out,
        arguments.datasets,
        size=arguments.size,
        seed=arguments.seed,
        spread=arguments.spread,
        png=arguments.png,
    )
    print(*stores.values(), sep="\n")
