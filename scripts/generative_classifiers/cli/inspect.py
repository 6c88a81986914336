"""The command `inspect`."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from generative_classifiers.cli.arguments import check_output, path, write_csv
from generative_classifiers.draws.weighting import WEIGHTINGS
from generative_classifiers.io.atomic import atomic_write
from generative_classifiers.io.errors import InputError

HELP = "summarise a store, or plot the reconstructions of an image"
DESCRIPTION = "Summarise what a store contains and how it was made, or plot the reconstructions of one of its images."


def add_arguments(command: ArgumentParser) -> None:
    """Add the arguments of the command to a parser."""
    command.add_argument("store", type=path, help="store of any stage; of evidence also an unfinished one")
    command.add_argument(
        "--weighting",
        choices=WEIGHTINGS,
        help="how much each noise level of evidence counts; by default as in the pruning, or exponential",
    )
    command.add_argument("--csv", type=path, help="also write the decisions of evidence to this file")
    command.add_argument(
        "--drops", type=path, help="also write to this file when pruning dropped each category of each image, and why"
    )
    command.add_argument("--image", help="name or number of an image whose reconstructions to plot")
    command.add_argument("--out", type=path, help="PNG file for the plot; by default <observer>-<dataset>-<image>.png")
    command.add_argument(
        "--stimuli", type=path, help="store or folder of the images that the model saw; by default those of the study"
    )
    command.add_argument(
        "--observer",
        help="folder of a pipeline, hub id, or name in registry/observers.yaml that has the decoder of the "
        "reconstructions, if they are kept as latents or tokens; by default the observer of the store",
    )


def run(arguments: Namespace) -> None:
    """Print a summary of the store, or the decision on an image and where the plot is."""
    from generative_classifiers.cli.store_summary import decisions_of, drops_of, summarise

    for name in ("out", "stimuli", "observer"):
        if arguments.image is None and getattr(arguments, name):
            raise InputError(f"argument --{name}: is about the plot of an image; expected --image, too")
    for place in (arguments.csv, arguments.drops, arguments.out):
        if place:
            check_output(place)
    if arguments.csv:
        write_csv(decisions_of(arguments.store, arguments.weighting), arguments.csv)
    if arguments.drops:
        write_csv(drops_of(arguments.store), arguments.drops)
    if arguments.image is None:
        print(summarise(arguments.store, arguments.weighting))
    else:
        _plot_image(arguments)


def _plot_image(arguments: Namespace) -> None:
    from generative_classifiers.cli.image_reconstructions import plot_image
    from generative_classifiers.figures.style import METADATA, paper
    from generative_classifiers.io.stores import open_store

    figure, row = plot_image(
        arguments.store, arguments.image, arguments.stimuli, arguments.weighting, arguments.observer
    )
    name = f"{open_store(arguments.store).attrs['observer']}-{arguments.store.stem}-{row['image'].item()}"
    out = arguments.out or Path(name.removesuffix(".png").replace("/", "-") + ".png")
    out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(out) as partial, paper():
        figure.savefig(partial, format="png", metadata=METADATA["png"])
    print(row.to_string(index=False), out, sep="\n")
