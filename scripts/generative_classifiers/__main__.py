"""The command line: `python -m generative_classifiers --help`."""

import argparse
import sys

from generative_classifiers.cli import classify, distort, export, inspect
from generative_classifiers.cli.arguments import HelpFormatter
from generative_classifiers.io.errors import InputError

COMMANDS = {"classify": classify, "distort": distort, "export": export, "inspect": inspect}


def parser():
    """Arguments of all commands."""
    main = argparse.ArgumentParser(
        "python -m generative_classifiers", description="Text-to-image models as image classifiers."
    )
    commands = main.add_subparsers(dest="command", required=True)
    for name, module in COMMANDS.items():
        command = commands.add_parser(
            name, help=module.HELP, description=module.DESCRIPTION, formatter_class=HelpFormatter
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return main


def main(arguments=None):
    """Run a command; 2 if the user's input is wrong."""
    try:
        given = parser().parse_args(arguments)
        given.run(given)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
