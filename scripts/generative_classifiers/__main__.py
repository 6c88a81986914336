"""The command line: `python -m generative_classifiers classify --help`."""

import argparse
import sys
from pathlib import Path

from generative_classifiers.categories import CATEGORIES
from generative_classifiers.draws import RATE, TIMES, WEIGHTINGS
from generative_classifiers.errors import InputError
from generative_classifiers.evidence import PROMPT


def parser():
    """Arguments of all commands."""
    commands = argparse.ArgumentParser(
        "python -m generative_classifiers", description="Text-to-image models as image classifiers."
    )
    one = commands.add_subparsers(dest="command", required=True).add_parser(
        "classify", help="classify a folder of images", formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    one.add_argument(
        "--observer", required=True, help="folder of a diffusers pipeline, hub id, or name of the registry"
    )
    one.add_argument("--images", required=True, help="folder of images")
    one.add_argument("--out", required=True, help="evidence store to write, <name>.zarr; a killed run is gone on with")
    one.add_argument("--categories", default=",".join(CATEGORIES), help="names, separated by commas")
    one.add_argument("--prompt", default=PROMPT, help="template of the prompts")
    one.add_argument("--draws", type=int, default=16, help="noise levels and samples per image")
    one.add_argument("--seed", type=int, default=0, help="of the noise")
    one.add_argument("--times", choices=TIMES, default="golden", help="how noise levels are chosen")
    one.add_argument("--weighting", choices=WEIGHTINGS, default="exponential", help="of the noise levels")
    one.add_argument("--rate", type=float, default=RATE, help="of the exponential weighting")
    one.add_argument("--reconstruct-draw", type=int, help="number of the draw whose denoised images are kept")
    one.add_argument("--batch-size", type=int, help="evaluations at once")
    one.add_argument("--device", default="auto", help="auto, cpu, cuda")
    one.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), help="precision of the network")
    one.add_argument("--threads", type=int, help="CPU threads")
    one.add_argument("--csv", help="file to write the decisions to as well")
    return commands


def run_classify(arguments):
    """Classify, and print the decisions."""
    import torch  # slow to import: not before the arguments are known to be good

    from generative_classifiers.classify import classify

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


def main(arguments=None):
    """Run a command; 2 if the user's input is wrong."""
    try:
        run_classify(parser().parse_args(arguments))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
