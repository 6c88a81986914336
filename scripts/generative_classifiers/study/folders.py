"""The folders of `data/`: those of studies, with and without a limit, and those that belong to no study."""

import re
from pathlib import Path

from generative_classifiers.io.errors import InputError

CACHE = "data/evidence"  # unless config.yaml names another folder
# Names in `data/` that belong to no study, and what else a command calls by a name.
NOT_STUDIES = {
    "evidence": "data/evidence is the cache of evidence",
    "downloads": "data/downloads has the files that all studies download",
    "cache": "`generative-classifiers discard cache` means the cache of evidence",
}
LIMITED = re.compile(r"(.+)-limit-(\d+)")


def folder_of(study: str, limit: int | None) -> str:
    """The folder of a study in `data/` and `figures/`. A limited study has one of its own.

    Examples
    --------
    >>> folder_of("paper", None), folder_of("paper", 4)
    ('paper', 'paper-limit-4')
    """
    return study if limit is None else f"{study}-limit-{limit}"


def settings_of(folder: str) -> dict[str, str | int]:
    """The settings that name the study of a folder: the inverse of `folder_of`.

    Examples
    --------
    >>> settings_of("paper"), settings_of("paper-limit-4")
    ({'study': 'paper'}, {'study': 'paper', 'limit': 4})
    """
    limited = LIMITED.fullmatch(folder)
    return {"study": limited[1], "limit": int(limited[2])} if limited else {"study": folder}


def check_name(study: str) -> None:
    """Raise InputError for a study whose folder would be that of something else."""
    reason = NOT_STUDIES.get(study)
    if LIMITED.fullmatch(study):
        reason = "limited studies have such names"
    if reason:
        raise InputError(f"studies/{study}.yaml: expected another name of the study, since {reason}")


def check_cache(cache: str, root: Path) -> None:
    """Raise InputError for a cache of evidence in a folder of the project that has other contents.

    `make clean` removes such folders, and `discard` looks for what belongs to a study there.
    """
    found = (root / cache).resolve()
    places = [(root / name).resolve() for name in ("data", "figures")]
    allowed = (root / CACHE).resolve()
    if found.is_relative_to(allowed):
        pass
    elif root.resolve() == found or any(found.is_relative_to(place) for place in places):
        raise InputError(
            f"config.yaml or --config: evidence_cache: {cache}: belongs to studies; expected {CACHE}, or a folder "
            "outside data/ and figures/"
        )
    if found.exists() and not found.is_dir():
        raise InputError(f"config.yaml or --config: evidence_cache: {cache}: is a file; expected a folder")
