"""A study from an archive: its evidence into the cache, and its other files into the project."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tqdm import tqdm

from generative_classifiers.evidence.cache import entries_like
from generative_classifiers.evidence.entry import PROVENANCE, Entry
from generative_classifiers.evidence.receipt import Receipt, link_of, set_link
from generative_classifiers.io.durable import sha256
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.manifest import all_faults
from generative_classifiers.io.stores import ROOT_METADATA
from generative_classifiers.io.zip_files import CheckedZip, check_space, open_zip
from generative_classifiers.study.folders import NOT_STUDIES, settings_of
from generative_classifiers.study.validation import NAME

# Where the files of a stage are in an archive. Snakemake makes again what is older than its inputs, so each stage gets
# a later date than those before it here: decisions, metrics and figures are made once more with this project's
# settings, and evidence is not.
STAGES = {
    "figures": r"figures/[^/]+/.+",
    "metrics": r"data/[^/]+/metrics/.+",
    "examples": r"data/[^/]+/examples/.+",
    "decisions": r"data/[^/]+/decisions/.+",
    "receipts": r"data/[^/]+/evidence/.+\.json",
    "study": r"studies/[^/]+\.yaml",
    "evidence": r"evidence/[^/]+/[^/]+\.zarr/.+",
}
OF_A_STUDY = re.compile(r"(?:(?:data|figures)/|studies/(?=[^/]+\.yaml))([^/]+?)(?:\.yaml)?(?:/|$)")
NOT_RESTORED = r"config\.yaml|ro-crate-metadata\.json|(envs|registry)/[^/]+"
DIGEST = r"[0-9a-f]{64}"
FIRST_DATE, DAY = 315619200, 86400  # 2 January 1980, in seconds


class Restored(NamedTuple):
    """What was restored.

    Attributes
    ----------
    new : list of Path
        Stores and files that were not there before.
    different : list of str
        Files of the registry that differ between the archive and the project.
    """

    new: list[Path]
    different: list[str]


@dataclass(frozen=True)
class Part:
    """A store or a file that is restored.

    Attributes
    ----------
    stage : str
    staged : Path
        Where it was extracted to.
    target : Path
        Where it belongs.
    """

    stage: str
    staged: Path
    target: Path


def restore(path: Path, root: Path, cache: Path, *, figures: bool = False, progress: bool = True) -> Restored:
    """Restore a study from an archive.

    Parameters
    ----------
    path : Path
        An archive that `archive.archive` wrote. It is not trusted.
    root : Path
        Of the project.
    cache : Path
        The folder of the cache of evidence, absolute or relative to the root.
    figures : bool
        Whether to restore figures and tables, too.
    progress : bool
        Whether to show progress on stderr.

    Returns
    -------
    Restored

    Raises
    ------
    InputError
        The archive is damaged or unsafe, or something else is in the place of one of its files. Nothing is restored
        then.
    """
    with open_zip(path) as archive, _workspace(root / "data") as results, _workspace(root / cache) as evidence:
        check_space(evidence, archive.size)
        stages = {name: _stage(path, name) for name in archive.members}
        for name, stage in tqdm(stages.items(), "restore", unit=" files", disable=not progress):
            archive.extract(name, (evidence if stage == "evidence" else results) / name)
        stores = {name: _entry_part(evidence / name, root / cache) for name in _units(stages, "evidence")}
        parts = list(stores.values())
        wanted = [stage for stage in STAGES if stage != "evidence" and (figures or stage != "figures")]
        for stage in wanted:
            parts += [Part(stage, results / name, root / name) for name in _units(stages, stage)]
        targets = {name: part.target for name, part in stores.items()}
        for part in parts:
            if part.stage == "receipts":
                _point(part, targets, root, cache)
        new = [part for part in parts if not _is_there(part)]
        for part in new:
            _check_store(path, part)
        os.sync()  # so that the disk has what a manifest lists
        for part in new:
            _put(part, root)
        return Restored([part.target for part in new], _different(archive, root))


@contextmanager
def _workspace(folder: Path) -> Iterator[Path]:
    """A folder for unfinished files, on the disk where they will be."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix="restore.", suffix=".partial") as place:
        yield Path(place)


def _stage(path: Path, name: str) -> str | None:
    """The stage of a member; None if it is not restored; InputError if it is none that an archive has."""
    found = OF_A_STUDY.match(name)
    study = settings_of(found[1])["study"] if found else ""
    if study in NOT_STUDIES or (found and not re.fullmatch(NAME, str(study))):
        raise InputError(f"{path}: member {name!r} belongs to no study; expected another name of its folder")
    stage = next((stage for stage, pattern in STAGES.items() if re.fullmatch(pattern, name)), None)
    if stage is None and not re.fullmatch(NOT_RESTORED, name):
        raise InputError(
            f"{path}: member {name!r} is unexpected; expected what `generative-classifiers archive` writes"
        )
    return stage


def _units(stages: dict[str, str | None], stage: str) -> list[str]:
    """The stores of a stage, and its files that belong to no store."""
    return list(dict.fromkeys(_unit(name) for name, found in stages.items() if found == stage))


def _unit(name: str) -> str:
    """The store that a member belongs to, or the member itself.

    Examples
    --------
    >>> _unit("data/a/decisions/edge.zarr/response/c/0/0"), _unit("data/a/decisions/edge.csv")
    ('data/a/decisions/edge.zarr', 'data/a/decisions/edge.csv')
    """
    parts = PurePosixPath(name).parts
    store = next((number for number, part in enumerate(parts) if part.endswith(".zarr")), len(parts) - 1)
    return "/".join(parts[: store + 1])


def _entry_part(staged: Path, cache: Path) -> Part:
    """Where an entry belongs: in the place of the cache's own entry with the same content, if it has one."""
    try:
        entry = Entry(staged)
    except (InputError, KeyError, TypeError):
        raise InputError(f"{staged.name}: is not a store of evidence; nothing was restored") from None
    for digest in (entry.identity, entry.request):
        if not re.fullmatch(DIGEST, str(digest)):
            raise InputError(f"{staged.name}: has the digest {digest!r}, expected 64 hexadecimal digits")
    existing = entries_like(cache, entry.identity, entry.request)
    return Part("evidence", staged, existing[0] if existing else cache / staged.parent.name / staged.name)


def _check_store(path: Path, part: Part) -> None:
    """Raise InputError if a store of an archive differs from its own manifest."""
    if part.staged.suffix == ".zarr":
        for fault in all_faults(part.staged):
            raise InputError(f"{path}: {part.target.name}{fault.removeprefix(str(part.staged))}; nothing was restored")


def _point(part: Part, stores: dict[str, Path], root: Path, cache: Path) -> None:
    """Let a receipt name the store in this cache; InputError if the link to it would replace something else."""
    receipt, link = Receipt.find(part.staged), link_of(part.target)
    if receipt is None:
        raise InputError(f"{part.target}: what the archive has is not a receipt of evidence; nothing was restored")
    if str(receipt.store) not in stores:
        raise InputError(f"{part.target}: names {receipt.store!r}, which the archive does not have")
    store = stores[receipt.store]
    if (link.exists() or link.is_symlink()) and link.resolve() != store.resolve():
        raise InputError(f"{link}: exists and is not replaced; nothing was restored")
    place = cache / store.relative_to(root / cache)
    replace(receipt, store=place.as_posix()).write(part.staged)


def _is_there(part: Part) -> bool:
    """Whether the target has the same content; InputError if it has another."""
    if not part.target.exists():
        return False
    if part.stage == "receipts":
        same = replace(Receipt.read(part.target), restored=True) == Receipt.read(part.staged)
    else:
        same = _content(part.target) == _content(part.staged)
    if not same:
        raise InputError(f"{part.target}: exists and differs from the archive's; nothing was restored")
    return True


def _content(place: Path) -> dict[str, str]:
    """Checksums of a file, or of the files of a store without the notes of how shards were evaluated."""
    files = [path for path in place.rglob("*") if path.is_file()] if place.is_dir() else [place]
    paths = {path.relative_to(place).as_posix(): path for path in files}
    return {name: sha256(path) for name, path in paths.items() if not name.startswith(f"{PROVENANCE}/")}


def _put(part: Part, root: Path) -> None:
    """Move a part to its place."""
    stage, target = part.stage, part.target
    target.parent.mkdir(parents=True, exist_ok=True)
    if stage != "evidence":
        dated = part.staged / ROOT_METADATA if part.staged.is_dir() else part.staged
        os.utime(dated, (FIRST_DATE + DAY * list(STAGES).index(stage),) * 2)
    if stage == "receipts":
        set_link(link_of(target), root / Receipt.read(part.staged).store)
    shutil.move(part.staged, target)


def _different(archive: CheckedZip, root: Path) -> list[str]:
    """Files of the registry that differ between the archive and the project."""
    names = [name for name in archive.members if name.startswith("registry/")]
    return [name for name in names if not (root / name).is_file() or sha256(root / name) != archive.sums[name]]
