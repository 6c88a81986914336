"""Who takes part in a study, and whether what they need can be had: servers are asked, and nothing is downloaded."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import requests
from huggingface_hub import hf_hub_url, try_to_load_from_cache
from huggingface_hub.utils import build_hf_headers

from generative_classifiers.io.paths import DOWNLOADS, ROOT
from generative_classifiers.models.loading import clip, networks
from generative_classifiers.models.loading.hub import INDEX
from generative_classifiers.study.observers import (
    CheckpointObserver,
    ModelObserver,
    PipelineObserver,
    PublishedObserver,
    TransformersClipObserver,
)
from generative_classifiers.study.weight_files import DownloadedFile

SECONDS = 5  # that a server has to answer
THREADS = 16

WORDS = {
    "here": "on this machine",
    "reachable": "a server says that it has them (of several files, the first that is not here)",
    "gated": "a server has them only for those who are logged in and have accepted a licence, if at all",
    "not there": "a server says that it does not have them, or the package that has them is not installed",
    "out of reach": "no server answers",
    "unknown": "not here, and no server was asked",
    "made": "the run makes them",
    "none": "published nowhere, and no files of yours are there: docs/adding.md",
}


class Hub(NamedTuple):
    """A file of a repository on the Hugging Face hub."""

    repository: str
    file: str
    revision: str | None


def survey(study, offline=False, mirror=None):
    """What is known of all observers that a study names, also of those that do not take part.

    Parameters
    ----------
    study : study.Study
    offline : bool, optional
        Ask no server.
    mirror : str, optional
        As for `downloads.fetch`.

    Returns
    -------
    pandas.DataFrame
        A row per observer: `observer`, `takes_part`, `family`, `source`; `place` of its weights or decisions there;
        `weights`, one of `WORDS`; `licence` of the weights and `size_mb`, None where unknown; `verified`, whether their
        checksum is known and checked, None where there is nothing to check.
    """
    sources = [
        weight_source(study, observer) for observer in study.named
    ]  # libraries are imported on the way: by one thread
    with ThreadPoolExecutor(THREADS) as pool:
        weights = list(pool.map(lambda source: state(*source[:2], offline, mirror), sources))
    return pd.DataFrame(map(partial(_row, study), study.named, sources, weights))


def _row(study, observer, source, weights):
    row, (kind, places, checksums) = study.named[observer], source
    model = row if isinstance(row, ModelObserver) else None
    return {
        "observer": observer,
        "takes_part": observer in study.observers,
        "family": row.family,
        "source": kind,
        "place": _shown(places[0]) if places else "",
        "weights": weights,
        "licence": model.licence if model else None,
        "size_mb": model.size_mb if model else None,
        "verified": None if weights == "made" else _verified(model, checksums),
    }


def _verified(model, checksums):
    """Whether the checksums of what is loaded are known, unless the row itself says so."""
    if model and model.verified is not None:
        return model.verified
    return bool(checksums) and all(checksums)


def weight_source(study, observer):
    """Where an observer's weights or decisions come from.

    Parameters
    ----------
    study : study.Study
    observer : str

    Returns
    -------
    source : str
        The row's, or what kind of source it has without saying so: study, decisions, answers, training, folder, hub.
    places : list of Hub, str or Path
        Files of the hub, addresses, files of this machine. Of a whole pipeline its index stands for all.
    checksums : list of str or None
        That the registry has of them; None: unknown.
    """
    row = study.named[observer]
    if isinstance(row, PublishedObserver) and row.answers:
        return "answers", [Path(file) for file in study.answers[observer].values()], []
    if row.family in ("human", "published"):
        files = list(published_files(study, observer))
        return "decisions", [study.registry.address(file) for file in files], [file.sha256 for file in files]
    if row.family == "simulated":
        return "study", [], []
    if isinstance(row, PipelineObserver | TransformersClipObserver):
        return pipeline(study, observer)
    places = PLACES.get(row.source, _files)
    checksums = [file.sha256 for file in row.files] if isinstance(row, CheckpointObserver) else [None]
    return row.source, places(observer, row), checksums


def published_files(study, observer):
    """The registry's files of published decisions of an observer, or of all people, on the study's datasets."""
    for row in study.datasets.values():
        people, networks = row.decisions.humans, row.decisions.networks
        if study.named[observer].family == "human":
            yield from people.values()
        elif observer in networks:
            yield networks[observer]


def pipeline(study, observer):
    """`weight_source` of a whole pipeline: a folder of the project, or of the hub."""
    row = study.named[observer]
    source, checksums = row.pipeline, [row.sha256]
    index = "config.json" if row.family in ("autoregressive", "contrastive") else INDEX
    folder = ROOT / source
    if folder.is_dir():
        return "folder", [folder / index], checksums
    return "hub", [Hub(source, index, row.revision)], checksums


def _timm(observer, row):
    return [Hub(networks.repository(row), networks.WEIGHTS, row.revision)]


def _open_clip(observer, row):
    file = clip.own_file(row)
    return [file or Hub(clip.repository(observer, row), clip.WEIGHTS, row.revision)]


def _torchvision(observer, row):
    return [networks.entry(observer, row).url]


def _files(observer, row):
    if not isinstance(row, CheckpointObserver):
        return []
    return [file.url if isinstance(file, DownloadedFile) else _of_package(file) for file in row.files]


def _of_package(file):
    spec = find_spec(file.package)
    return Path(spec.origin).parent / file.file if spec else Path(file.package, file.file)


PLACES = {"timm": _timm, "open_clip": _open_clip, "torchvision": _torchvision}


def state(source, places, offline=False, mirror=None):
    """Whether files can be had, one of `WORDS`: asked for is the first that is not here."""
    if source in ("training", "study"):
        return "made"
    if not places:
        return "none"
    missing = next((place for place in places if not is_here(place)), None)
    if missing is None:
        return "here"
    if isinstance(missing, Path):
        return "not there"
    return "unknown" if offline else ask(missing, mirror)


def is_here(place):
    """Whether a file is on this machine: for a file of a pipeline, with weights beside it."""
    if isinstance(place, Hub):
        cached = try_to_load_from_cache(*place[:2], revision=place.revision)
        return isinstance(cached, str) and any(Path(cached).parent.rglob("*.safetensors"))
    return (place if isinstance(place, Path) else DOWNLOADS / place.removeprefix("https://")).is_file()


def ask(place, mirror=None):
    """What a server says of a file: huggingface_hub has a mirror setting of its own, HF_ENDPOINT."""
    if isinstance(place, Hub):
        address, headers = hf_hub_url(*place[:2], revision=place.revision), build_hf_headers()
    else:
        address, headers = f"{mirror}/{place.removeprefix('https://')}" if mirror else place, {}
    try:
        answer = requests.head(address, headers=headers, allow_redirects=True, timeout=SECONDS)
    except requests.RequestException:
        return "out of reach"
    if answer.status_code in (401, 403):
        return "gated"
    if answer.status_code == 429 or answer.status_code >= 500:
        return "out of reach"
    # A page is no file.
    return "reachable" if answer.ok and "html" not in answer.headers.get("Content-Type", "") else "not there"


def _shown(place):
    if isinstance(place, Hub):
        return place.repository
    return place.split("/")[2] if isinstance(place, str) else "/".join(place.parts[-2:])


def as_text(table):
    """A `survey` as a page to read: a row per observer, what the words mean, and sums."""
    answers = {True: "yes", False: "no", None: "-"}
    shown = pd.DataFrame({name: ["?" if pd.isna(one) else one for one in table[name]] for name in table})
    for name in ("takes_part", "verified"):
        shown[name] = [answers[one] for one in table[name]]
    shown["size_mb"] = [f"{one:,.0f}" if isinstance(one, float) else str(one) for one in shown["size_mb"]]
    headings = {"takes_part": "takes part", "size_mb": "MB"}
    sums = ", ".join(f"{count} {word}" for word, count in table["weights"].value_counts().items())
    verified = (shown["verified"] == "yes").sum(), (shown["verified"] == "no").sum()
    return "\n\n".join(
        [
            shown.rename(columns=headings).to_string(index=False),
            "\n".join(_notes(table)),
            f"{len(table)} observers: {sums}; {verified[0]} verified, {verified[1]} not",
        ]
    )


def _notes(table):
    """What the words mean."""
    yield "weights, or published decisions:"
    yield from (f"  {word}: {meaning}" for word, meaning in WORDS.items() if (table["weights"] == word).any())
    yield "verified, yes: the registry has the checksum of what was loaded once, and it is checked at every loading"
    yield "  no: nobody could try what the row says of the weights; -: there is nothing to check"
    yield "?: unknown"
