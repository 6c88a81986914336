"""Repositories whose files follow a pattern: a list of checksums stands for the rows of the single files.

A list is a file that `sha256sum` writes and checks, registry/checksums/<list>: a checksum and a path on each line.
Dataset and observer are read from the path. Capitals in an observer's name become small.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from generative_classifiers.io.errors import InputError
from generative_classifiers.study.datasets import Datasets, DecisionFile, Repository
from generative_classifiers.study.validation import unknown

FOLDER = Path("registry/checksums")
LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


def with_listed_files(registry: Datasets, root: Path) -> Datasets:
    """Add the files of all lists to the rows of their datasets.

    Parameters
    ----------
    registry : Datasets
    root : Path
        The project's root.

    Returns
    -------
    Datasets

    Raises
    ------
    InputError
        A list is missing, or has a line of another form, of an unknown dataset or of an observer that has a file
        already. The message names the list and the line.
    """
    networks: dict[str, dict[str, DecisionFile]] = defaultdict(dict)
    for name, repository in registry.repositories.items():
        if repository.checksums is not None:
            for where, dataset, observer, file in _listed(name, repository, root):
                if dataset not in registry.datasets:
                    raise InputError(f"{where}: dataset {unknown(dataset, registry.datasets)}")
                if observer in registry.datasets[dataset].decisions.by_observer | networks[dataset]:
                    raise InputError(f"{where}: {observer} has another file of decisions on {dataset}, expected one")
                networks[dataset][observer] = file
    rows = {}
    for dataset, row in registry.datasets.items():
        all_files = row.decisions.model_copy(update={"networks": row.decisions.networks | networks[dataset]})
        rows[dataset] = row.model_copy(update={"decisions": all_files})
    return registry.model_copy(update={"datasets": rows})


def _listed(name: str, repository: Repository, root: Path) -> Iterator[tuple[str, str, str, DecisionFile]]:
    """For each line of a list: where it is, the dataset, the observer and the file."""
    path = FOLDER / str(repository.checksums)
    pattern = _expression(str(repository.path))
    try:
        lines = (root / path).read_text(encoding="utf-8").splitlines()
    except OSError:
        raise InputError(f"{path}: no such file; repository {name} needs its list of checksums") from None
    for number, line in enumerate(lines, start=1):
        where, entry = f"{path}, line {number}", LINE.fullmatch(line)
        found = pattern.fullmatch(entry[2]) if entry else None
        if not entry or not found:
            raise InputError(f"{where}: expected a checksum, two spaces and {repository.path}, found {line[:100]!r}")
        file = DecisionFile(repository=name, path=entry[2], sha256=entry[1])
        yield where, found["dataset"], found["observer"].lower(), file


def _expression(pattern: str) -> re.Pattern[str]:
    """A pattern of paths as a regular expression. A place that occurs again is the same text again."""
    parts, seen = [], set()
    for text, place in re.findall(r"([^{]*)\{?(\w*)\}?", pattern):
        parts.append(re.escape(text))
        if place:
            parts.append(f"(?P={place})" if place in seen else rf"(?P<{place}>[A-Za-z0-9][A-Za-z0-9.-]*)")
            seen.add(place)
    return re.compile("".join(parts))
