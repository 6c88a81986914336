"""`export`: write decisions as the files that model-vs-human reads."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from generative_classifiers.draws.weighting import WEIGHTINGS

HELP = "write decisions as the CSV files that model-vs-human reads"


def add_arguments(command: ArgumentParser) -> None:
    """Arguments of the command."""
    command.add_argument("stores", nargs="+", type=Path, help="<name>.zarr of decisions, or of one model's evidence")
    command.add_argument(
        "--out", required=True, type=Path, help="model-vs-human's raw-data, or another folder to be laid out like it"
    )
    command.add_argument("--observers", help="whose, separated by commas; by default all models")
    command.add_argument("--weighting", choices=WEIGHTINGS, help="of evidence; by default what pruning went by")


def run(arguments: Namespace) -> None:
    """Write the files, and print where they are."""
    from generative_classifiers.decisions.model_vs_human import export

    observers = [name.strip() for name in arguments.observers.split(",")] if arguments.observers else None
    for store in arguments.stores:
        print(*export(store, arguments.out, observers, arguments.weighting), sep="\n")
