"""The command `archive`."""

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import date

from generative_classifiers.cli.arguments import as_size, check_output, path, project, study_of
from generative_classifiers.io.errors import InputError

HELP = "write a finished study as an archive for others"
DESCRIPTION = (
    "Write a finished study as a ZIP archive, for a repository such as Zenodo: losses, decisions, metrics, figures, "
    "configuration, versions of packages and checksums. The command `restore` reads it."
)
LICENCE = "https://spdx.org/licenses/CC-BY-4.0"


def add_arguments(command: ArgumentParser) -> None:
    """Add the arguments of the command to a parser."""
    command.add_argument("study", help="a study of studies/ that has run completely")
    command.add_argument("--out", type=path, required=True, help="file to write, <name>.zip")
    command.add_argument(
        "--reconstructions", action="store_true", help="keep the reconstructions of the evidence, which can be large"
    )
    command.add_argument(
        "--licence", type=_address, default=LICENCE, help="address of the licence that the archive is published under"
    )
    command.add_argument(
        "--date", type=_date, default=date.today().isoformat(), help="when the archive is published, YYYY-MM-DD"
    )


def run(arguments: Namespace) -> None:
    """Write the archive, and print where it is."""
    from generative_classifiers.evidence.archive import archive

    root, out = project(), arguments.out
    if out.suffix != ".zip":
        raise InputError(f"{out}: expected a name that ends in .zip")
    check_output(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    archive(
        study_of(arguments.study, root),
        out,
        root,
        date=arguments.date,
        licence=arguments.licence,
        reconstructions=arguments.reconstructions,
    )
    print(f"{out}: {as_size(out.stat().st_size)}")


def _address(text: str) -> str:
    if not re.fullmatch(r"https?://[^/\s]+/\S*", text):
        raise ArgumentTypeError(f"expected an address, https://…, found {text!r}")
    return text


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ArgumentTypeError(f"expected a date YYYY-MM-DD, found {text!r}") from None
