"""What commands share: the format of their help, types of arguments, and tables that are written to files."""

import csv
import math
import re
import tempfile
from argparse import Action, ArgumentDefaultsHelpFormatter, ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pandas as pd

from generative_classifiers.draws.weighting import LARGEST_RATE
from generative_classifiers.io.atomic import atomic_write
from generative_classifiers.io.errors import InputError
from generative_classifiers.study.folders import settings_of
from generative_classifiers.study.load import load
from generative_classifiers.study.study import Study
from generative_classifiers.study.yaml_files import YamlFile

DEVICE = r"auto|cpu|cuda(:\d+)?"


class HelpFormatter(ArgumentDefaultsHelpFormatter):
    """Help that shows the defaults of arguments, if they have any."""

    def _get_help_string(self, action: Action) -> str | None:
        has_default = action.default is not None and action.default is not False
        return super()._get_help_string(action) if has_default else action.help


class Parser(ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Raise InputError."""
        raise InputError(f"{message} (see {self.prog} --help)")


def names(text: str) -> list[str]:
    """Names that are separated by commas, or `@file` with one name a line.

    Parameters
    ----------
    text : str
        Names with a comma are in double quotes. In a file, empty lines and lines that begin with # do not count.

    Raises
    ------
    argparse.ArgumentTypeError
        There are none, the file cannot be read, or a quote is not closed.

    Examples
    --------
    >>> names('cat, "salt, pepper"')
    ['cat', 'salt, pepper']
    """
    found = _names_in(Path(text[1:])) if text.startswith("@") else _names_of(text)
    if not found:
        raise ArgumentTypeError(f"{text!r}: expected at least one name")
    return found


def _names_of(text: str) -> list[str]:
    try:
        (row,) = csv.reader([text], skipinitialspace=True, strict=True)
    except (csv.Error, ValueError) as error:
        raise ArgumentTypeError(f"{text!r}: expected names that are separated by commas ({error})") from None
    return [name.strip() for name in row]


def _names_in(file: Path) -> list[str]:
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise ArgumentTypeError(f"{file}: cannot be read as a UTF-8 text file ({error})") from None
    return [line for line in lines if line and not line.startswith("#")]


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """A type of arguments: whole numbers in a range.

    Examples
    --------
    >>> whole_number(1, 9)("4")
    4
    """

    def read(text: str) -> int:
        number = int(text) if re.fullmatch(r"[0-9]{1,20}", text) else least - 1
        if not least <= number <= most:
            raise ArgumentTypeError(f"expected a whole number from {least} to {most}, found {text!r}")
        return number

    return read


def rate(text: str) -> float:
    """A type of arguments: rates of the exponential weighting."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= LARGEST_RATE:
        raise ArgumentTypeError(f"expected a number from 0 to {LARGEST_RATE:g}, found {text!r}")
    return number


def path(text: str) -> Path:
    """A type of arguments: paths. An empty one, which a shell makes of a variable that is not set, is none."""
    if not text:
        raise ArgumentTypeError("expected a path, found ''")
    return Path(text)


def device(text: str) -> str:
    """A type of arguments: names of devices."""
    if not re.fullmatch(DEVICE, text):
        raise ArgumentTypeError(f"expected auto, cpu, cuda or cuda:<number>, found {text!r}")
    return text


def check_output(path: Path, kind: str = "file") -> None:
    """Check that something can be written, before the work whose result it is.

    Parameters
    ----------
    path : Path
        Folders above it may still have to be made.
    kind : {"file", "folder", "store"}
        A store is a folder, too.

    Raises
    ------
    InputError
        A folder is in the place of the file, or the other way round, it is inside a store, or nothing can be written
        there.
    """
    store = next((place for place in path.parents if place.suffix == ".zarr"), None)
    if store or (kind == "file" and path.suffix == ".zarr"):
        raise InputError(f"{path}: expected another place, since {store or path} is the name of a store")
    if path.exists() and path.is_dir() == (kind == "file"):
        raise InputError(f"{path}: is a {'folder' if kind == 'file' else 'file'}; expected the name of a {kind}")
    places = path.absolute().parents if kind == "file" else [path.absolute(), *path.absolute().parents]
    above = next(place for place in places if place.exists())
    if ".." in path.parts and not path.parent.exists():
        raise InputError(f"{path}: cannot be written: a folder in it does not exist")
    try:
        with tempfile.TemporaryFile(dir=above):
            pass
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {above}: {error.strerror}") from None


def project() -> Path:
    """The project's root, which is the working directory; InputError if it is another folder."""
    if not Path("Snakefile").is_file() or not Path("config.yaml").is_file():
        raise InputError(f"{Path.cwd()}: has no Snakefile and config.yaml; run this in the project's root")
    return Path()


def study_of(name: str, root: Path) -> Study:
    """A study of a project by its name or, with a limit, by its folder, with the settings of its `config.yaml`."""
    config = YamlFile(root / "config.yaml", root).content or {}
    return load({**config, **settings_of(name)}, root)


def as_size(size: int) -> str:
    """Bytes for people.

    Examples
    --------
    >>> as_size(1_234_567)
    '1.2 MB'
    """
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV. Its folder is made if it does not exist.

    Parameters
    ----------
    table : pandas.DataFrame
    path : Path
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as partial:
        table.to_csv(partial, index=False)
