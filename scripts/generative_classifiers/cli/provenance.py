"""The command `provenance`."""

from argparse import ArgumentParser, Namespace

from generative_classifiers.cli.arguments import path

HELP = "list the data, weights and versions behind a figure"
DESCRIPTION = (
    "Print what a figure rests on: the stores of evidence, their identities, weights, and versions of packages."
)


def add_arguments(command: ArgumentParser) -> None:
    """Add the arguments of the command to a parser."""
    command.add_argument("figure", type=path, help="figures/<study>/<figure>.png or .pdf")


def run(arguments: Namespace) -> None:
    """Print what the figure rests on."""
    from generative_classifiers.cli.figure_stores import describe
    from generative_classifiers.figures.provenance import read_provenance

    print(describe(arguments.figure, read_provenance(arguments.figure)))
