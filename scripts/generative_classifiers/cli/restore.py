"""The command `restore`."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from generative_classifiers.cli.arguments import check_output, path
from generative_classifiers.io.errors import InputError

HELP = "put the study of an archive into a project"
DESCRIPTION = (
    "Put the study of an archive into a project: its evidence into the cache, and its other files into the study's "
    "folder. Nothing is replaced. After that, `snakemake --config study=<study>` draws the figures without evaluating "
    "anything."
)


def add_arguments(command: ArgumentParser) -> None:
    """Add the arguments of the command to a parser."""
    command.add_argument("archive", type=path, help="file that the command archive wrote")
    command.add_argument("--into", type=path, default=Path(), help="the project's root")
    command.add_argument(
        "--cache", type=path, help="folder of the cache of evidence; by default evidence_cache of config.yaml"
    )
    command.add_argument("--figures", action="store_true", help="restore figures and tables, too")


def run(arguments: Namespace) -> None:
    """Restore the study, and print what is new."""
    from generative_classifiers.evidence.restore import restore
    from generative_classifiers.study.site import load_site
    from generative_classifiers.study.yaml_files import YamlFile

    root = arguments.into
    if not (root / "config.yaml").is_file():
        raise InputError(f"{root}: has no config.yaml; expected the root of a copy of the project")
    site = load_site(YamlFile(root / "config.yaml", root).content or {}, root)
    cache = arguments.cache.absolute() if arguments.cache else site.cache
    check_output(root / cache, "folder")
    restored = restore(arguments.archive, root, cache, figures=arguments.figures)
    for name in restored.different:
        print(f"note: {root / name} differs from the archive's: figures may differ, too", file=sys.stderr)
    print(*restored.new, sep="\n", end="\n" if restored.new else "")
    print(f"{len(restored.new)} stores and files are new")
