"""What an archive of a study contains: its parts, by their names in the archive.

A part is a file, the content of one, a store, or a store without its reconstructions.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version

import yaml

from generative_classifiers.evidence.cache import entry_name
from generative_classifiers.evidence.entry import Entry
from generative_classifiers.evidence.receipt import Receipt, link_of
from generative_classifiers.evidence.restored import example_marker, example_settings
from generative_classifiers.evidence.shares import share_receipts
from generative_classifiers.evidence.smaller import Smaller, request_of
from generative_classifiers.io.digests import digest
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.manifest import check
from generative_classifiers.io.stores import RECONSTRUCTIONS, ROOT_METADATA
from generative_classifiers.study import example_images, targets
from generative_classifiers.study.coverage import datasets_of

EVIDENCE = "evidence"  # the folder of an archive that holds entries of the cache
CONSTRAINTS = "envs/constraints.txt"
# Settings of a site that are about one machine.
PLACES = {"mirror": None, "imagenet": None, "evidence_cache": None}

Source = Path | bytes | Smaller


def collect(study, root: Path, reconstructions: bool = False) -> dict[str, Source]:
    """Collect the parts of a study's archive, and check that they are complete.

    Parameters
    ----------
    study : study.study.Study
    root : Path
        Of the project.
    reconstructions : bool
        Whether to keep the reconstructions of the evidence.

    Returns
    -------
    dict of str to Path, bytes or Smaller
        In the order of the names.

    Raises
    ------
    InputError
        Names the first file that is missing, or the first store that is damaged.
    """
    parts: dict[str, Source] = {}
    for name in _files(study, root):
        _check_there(study, root, name)
        place = name.removesuffix(f"/{ROOT_METADATA}")
        if place != name:
            check(root / place)
        parts[place] = root / place
    for observer in _example_observers(study, root):
        parts[example_marker(study, observer)] = _json({"settings": example_settings(study, observer)})
    for observer in study.models:
        for dataset in datasets_of(study, observer):
            parts |= _evidence(study, root, observer, dataset, reconstructions)
    parts |= {"config.yaml": _site(study), "envs/versions.txt": _versions(root)}
    return dict(sorted(parts.items()))


def files_of(name: str, source: Source, workspace: Path) -> Iterator[tuple[str, Path | bytes]]:
    """The files of a part, with their names in the archive.

    Parameters
    ----------
    name, source
        Of the part.
    workspace : Path
        Where stores without reconstructions are written.
    """
    place = source.write(workspace) if isinstance(source, Smaller) else source
    if isinstance(place, Path) and place.is_dir():
        for path in sorted(path for path in place.rglob("*") if path.is_file()):
            yield f"{name}/{path.relative_to(place).as_posix()}", path
    else:
        yield name, place


def _check_there(study, root: Path, name: str) -> None:
    if not (root / name).is_file():
        raise InputError(f"{name}: is missing; {_first_run(study)}")


def _first_run(study) -> str:
    limit = f" limit={study.limit}" if study.limit else ""
    return f"first run: snakemake --cores all --config study={study.name}{limit}"


def _files(study, root: Path) -> Iterator[str]:
    """Files of the project that an archive contains. A store's metadata stand for the store."""
    yield from (CONSTRAINTS, f"studies/{study.name}.yaml")
    yield from (path.relative_to(root).as_posix() for path in sorted((root / "registry").glob("*.yaml")))
    for table in targets.metrics(study):
        yield from (table, targets.store(table.removesuffix(".csv")))
    for store in targets.decisions(study):
        yield from (store, store.replace(f".zarr/{ROOT_METADATA}", ".csv"))
    for observer in _example_observers(study, root):
        yield targets.store(targets.examples(study, observer))
    yield from (*targets.figures(study), *targets.tables(study))


def _example_observers(study, root: Path) -> list[str]:
    """Observers whose reconstructions of example images are there, or that a figure needs."""
    figures = {Path(path).stem for path in targets.figures(study)}
    shown = {observer for figure in figures for observer in example_images.observers(study, figure)}
    return [
        observer
        for observer in example_images.reconstructing_observers(study)
        if observer in shown or (root / targets.store(targets.examples(study, observer))).is_file()
    ]


def _evidence(study, root: Path, observer: str, dataset: str, reconstructions: bool) -> dict[str, Source]:
    """An entry of the cache, and the receipts that name it."""
    receipt = targets.receipt(study, observer, dataset)
    _check_there(study, root, receipt)
    if Receipt.read(root / receipt).settings != digest(study.evidence_settings(observer, dataset)):
        raise InputError(f"{receipt}: is evidence for other settings than the study's; {_first_run(study)}")
    link = link_of(root / receipt)
    check(link, skip=() if reconstructions else RECONSTRUCTIONS)
    entry = Entry(link.resolve())
    request = request_of(entry)
    source: Source = entry.path
    if request.reconstruct is not None and not reconstructions:
        request = replace(request, reconstruct=None, reconstruction_layout=None)
        source = Smaller(entry, request)
    name = f"{EVIDENCE}/{entry_name(request)}"
    parts: dict[str, Source] = {name: source}
    for path in (receipt, *share_receipts(study, observer, dataset)):
        found = replace(Receipt.read(root / path), store=name, request=request.digest, restored=True)
        parts[path] = _json(asdict(found))
    return parts


def _site(study) -> bytes:
    """The site's settings, without those of the machine."""
    return yaml.safe_dump(study.site.model_dump(mode="json") | PLACES, sort_keys=False).encode()


def _versions(root: Path) -> bytes:
    """Versions of Python and of those packages of the tested environment that are installed."""
    tested = [line.partition("==")[0] for line in (root / CONSTRAINTS).read_text().splitlines() if "==" in line]
    lines = [f"python=={python_version()}", *(f"{name}=={found}" for name, found in _installed(tested))]
    return "".join(f"{line}\n" for line in lines).encode()


def _installed(names: list[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue


def _json(content: dict) -> bytes:
    return (json.dumps(content, indent=1) + "\n").encode()
