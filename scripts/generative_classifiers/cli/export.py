"""The command `export`."""

from argparse import ArgumentParser, Namespace

from generative_classifiers.cli.arguments import check_output, names, path
from generative_classifiers.draws.weighting import WEIGHTINGS

HELP = "write decisions as the CSV files that the toolbox model-vs-human reads"
DESCRIPTION = "Write the decisions in stores as the CSV files that the toolbox model-vs-human reads."


def add_arguments(command: ArgumentParser) -> None:
    """Add the arguments of the command to a parser."""
    command.add_argument("stores", nargs="+", type=path, help="stores of decisions, or of the evidence of one model")
    command.add_argument(
        "--out", required=True, type=path, help="the folder raw-data of model-vs-human, or another folder for its files"
    )
    command.add_argument(
        "--observers", type=names, help="observers whose decisions to write, separated by commas; by default all models"
    )
    command.add_argument(
        "--weighting",
        choices=WEIGHTINGS,
        help="how much each noise level of evidence counts; by default as in the pruning, or exponential",
    )


def run(arguments: Namespace) -> None:
    """Write the files and print where they are."""
    from generative_classifiers.decisions.model_vs_human import export

    check_output(arguments.out, "folder")
    print(*export(arguments.stores, arguments.out, arguments.observers, arguments.weighting), sep="\n")
