"""The command line: `generative-classifiers --help`."""

import argparse
import os
import sys
from collections.abc import Sequence

from generative_classifiers.cli import (
    archive,
    classify,
    discard,
    distort,
    export,
    inspect,
    levels,
    provenance,
    restore,
    verify,
)
from generative_classifiers.cli.arguments import HelpFormatter, Parser
from generative_classifiers.io.errors import InputError, for_users

COMMANDS = {
    "classify": classify,
    "distort": distort,
    "export": export,
    "inspect": inspect,
    "levels": levels,
    "verify": verify,
    "provenance": provenance,
    "archive": archive,
    "restore": restore,
    "discard": discard,
}
# What models are made of, which the extra `models` installs: the package that a user without it misses first.
EXTRA = ("torch", "diffusers", "transformers")


def parser() -> argparse.ArgumentParser:
    """Arguments of all commands."""
    main = Parser("generative-classifiers", description="Text-to-image models as image classifiers.")
    commands = main.add_subparsers(dest="command", required=True)
    for name, module in COMMANDS.items():
        command = commands.add_parser(
            name, help=module.HELP, description=module.DESCRIPTION, formatter_class=HelpFormatter
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return main


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        0; 1 if `verify` found a fault; 2 if the user's input is wrong, the disk does not take the output or an extra is
        not installed, which one line on stderr explains; 130 if the user has interrupted it; 141 if nobody reads the
        output any more.
    """
    try:
        given = parser().parse_args(arguments)
        status: int | None = given.run(given)
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # of `| head`, for example
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python would complain again at its end
        return 141
    except (InputError, OSError) as error:
        line = for_users(error)
        if line is None:
            raise
        print(f"error: {line}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        print(f"error: no package {error.name}: install generative-classifiers[models], which has it", file=sys.stderr)
        return 2
    return status or 0


def console() -> None:
    """The command `generative-classifiers`. Names of files may have characters that the terminal does not know."""
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(main())


if __name__ == "__main__":
    console()
