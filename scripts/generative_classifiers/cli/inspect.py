"""`inspect`: say what is in a store, and show what a model painted of an image."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from generative_classifiers.draws.weighting import WEIGHTINGS
from generative_classifiers.io.atomic import atomic_write

HELP = "say what is in a store, and show an image's reconstructions"


def add_arguments(command: ArgumentParser) -> None:
    """Arguments of the command."""
    command.add_argument("store", type=Path, help="<name>.zarr of any stage, complete or in the making")
    command.add_argument("--weighting", choices=WEIGHTINGS, help="of the draws; by default what pruning went by")
    command.add_argument("--csv", type=Path, help="file to write the decisions of evidence to as well")
    command.add_argument("--image", help="name or number of an image whose reconstructions are to be drawn")
    command.add_argument("--out", type=Path, help="PNG to draw them in; by default <observer>-<dataset>-<image>.png")
    command.add_argument(
        "--stimuli", type=Path, help="store or folder of the images that the model saw; by default the study's"
    )


def run(arguments: Namespace) -> None:
    """Print what is in the store, or one image's decision and where its sheet is."""
    from generative_classifiers.cli import inspection

    if arguments.csv:
        table = inspection.decisions_of(arguments.store, arguments.weighting)
        arguments.csv.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(arguments.csv) as partial:
            table.to_csv(partial, index=False)
    if arguments.image is None:
        print(inspection.describe(arguments.store, arguments.weighting))
    else:
        draw(arguments)


def draw(arguments: Namespace) -> None:
    """Draw the sheet of an image."""
    from generative_classifiers.cli.reconstruction_grid import grid_of_image
    from generative_classifiers.evidence.store import attributes
    from generative_classifiers.figures.style import METADATA, paper

    figure, row = grid_of_image(arguments.store, arguments.image, arguments.stimuli, arguments.weighting)
    name = f"{attributes(arguments.store)['observer']}-{arguments.store.stem}-{row['image'].item()}"
    out = arguments.out or Path(name.removesuffix(".png").replace("/", "-") + ".png")
    out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(out) as partial, paper():
        figure.savefig(partial, format="png", metadata=METADATA["png"])
    print(row.to_string(index=False), out, sep="\n")
