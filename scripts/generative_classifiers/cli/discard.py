"""The command `discard`."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from generative_classifiers.cli.arguments import as_size, project
from generative_classifiers.io.errors import InputError

HELP = "list or remove files that are no longer needed"
DESCRIPTION = (
    "List what nothing needs: evidence of earlier versions that was set aside, files that interrupted jobs left more "
    "than a day ago, and, if asked for, evidence that no study of this project names. Remove it with --yes."
)


def add_arguments(command: ArgumentParser) -> None:
    """Add the arguments of the command to a parser."""
    command.add_argument("place", nargs="?", type=_place, help="a study, or cache; by default everything")
    command.add_argument(
        "--unused",
        action="store_true",
        help="also evidence in the cache that no study of this project names; other copies may share the cache",
    )
    command.add_argument("--yes", action="store_true", help="remove what is listed")


def run(arguments: Namespace) -> None:
    """List what nothing needs, and remove it if asked to."""
    from generative_classifiers.evidence.discard import leftovers, remove, unused_entries

    root = project()
    cache = _cache(root)
    found = {
        thing.path.resolve(): thing for folder in _folders(arguments.place, root, cache) for thing in leftovers(folder)
    }
    if arguments.unused and arguments.place in (None, "cache"):
        found |= {thing.path.resolve(): thing for thing in unused_entries(cache, root)}
    for thing in found.values():
        print(f"{as_size(thing.size):>10}  {thing.path}  ({thing.reason})")
    total = f"{len(found)} things, {as_size(sum(thing.size for thing in found.values()))}"
    if arguments.yes:
        remove(found.values())
        print(f"removed {total}")
    else:
        print(f"{total}{'; --yes removes them' if found else ''}")


def _place(text: str) -> str:
    if not text:
        raise ArgumentTypeError("expected a study, or cache, found ''")
    return text


def _cache(root: Path) -> Path:
    from generative_classifiers.study.site import load_site
    from generative_classifiers.study.yaml_files import YamlFile

    site = load_site(YamlFile(root / "config.yaml", root).content or {}, root)
    return root / site.cache


def _folders(place: str | None, root: Path, cache: Path) -> list[Path]:
    """Folders to look in."""
    if place is None:
        return [root / "data", cache]
    if place == "cache":
        return [cache]
    folder = root / "data" / place
    if Path(place).name != place or not folder.is_dir():
        raise InputError(f"{folder}: no such folder; expected a study that has run, or cache")
    return [folder]
