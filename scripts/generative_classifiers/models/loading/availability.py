"""Who takes part in a study, and whether their weights can be had. Servers are asked, but nothing is downloaded."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import requests
from huggingface_hub import hf_hub_url, try_to_load_from_cache
from huggingface_hub.utils import build_hf_headers

from generative_classifiers.io.paths import DOWNLOADS
from generative_classifiers.models.loading.weight_sources import HubFile, weight_source
from generative_classifiers.study.observer import ModelObserver
from generative_classifiers.study.views import without_views

SECONDS = 5  # for a server to answer
THREADS = 16

STATES = {
    "local": "on this machine",
    "reachable": "a server has them (of several files, the first that is not on this machine)",
    "gated": "a server gives them only to users who are logged in and have accepted a licence, if at all",
    "missing": "a server says that it does not have them, or the package that has them is not installed",
    "unreachable": "no server answers",
    "unknown": "not on this machine, and no server was asked",
    "made": "the run makes them",
    "none": "not published, and there are no files of your own: docs/adding.md",
}


def survey(study, offline=False, mirror=None):
    """List all observers that a study names, including those that do not take part, each without its views.

    Parameters
    ----------
    study : study.study.Study
    offline : bool, optional
        Ask no server.
    mirror : str, optional
        As for `stimuli.downloads.fetch`.

    Returns
    -------
    pandas.DataFrame
        A row per observer: `observer`, `takes_part`, `family`; `source` and `place` of its weights or decisions;
        `weights`, one of `STATES`; `licence` of the weights and `size_mb`, None where unknown; `verified`, whether
        their checksum is known and checked, None where there is nothing to check.
    """
    # By one thread, since libraries are imported on the way.
    named = {observer: study.named[observer] for observer in without_views(study.named)}
    sources = [weight_source(study, observer) for observer in named]
    with ThreadPoolExecutor(THREADS) as pool:
        states = list(pool.map(lambda source: state(source.kind, source.places, offline, mirror), sources))
    rows = []
    for (observer, row), source, weights in zip(named.items(), sources, states, strict=True):
        model = row if isinstance(row, ModelObserver) else None
        rows.append(
            {
                "observer": observer,
                "takes_part": observer in study.observers,
                "family": row.family,
                "source": source.kind,
                "place": _short(source.places[0]) if source.places else "",
                "weights": weights,
                "licence": model.licence if model else None,
                "size_mb": model.size_mb if model else None,
                "verified": None if weights == "made" else _verified(model, source.checksums),
            }
        )
    return pd.DataFrame(rows)


def _verified(model, checksums):
    """Whether the checksums of what is loaded are known, unless the row itself says so."""
    if model and model.verified is not None:
        return model.verified
    return bool(checksums) and all(checksums)


def state(kind, places, offline=False, mirror=None):
    """Whether files can be had.

    Parameters
    ----------
    kind, places
        As of `weight_sources.WeightSource`.
    offline, mirror
        As for `survey`.

    Returns
    -------
    str
        One of `STATES`. A server is asked for the first file that is not on this machine.
    """
    if kind in ("training", "study"):
        return "made"
    if not places:
        return "none"
    absent = next((place for place in places if not is_local(place)), None)
    if absent is None:
        return "local"
    if isinstance(absent, Path):
        return "missing"
    return "unknown" if offline else ask(absent, mirror)


def is_local(place):
    """Whether a file is on this machine; a pipeline's index counts if there are weights in its folder."""
    if isinstance(place, HubFile):
        cached = try_to_load_from_cache(place.repository, place.file, revision=place.revision)
        return isinstance(cached, str) and any(Path(cached).parent.rglob("*.safetensors"))
    file = place if isinstance(place, Path) else DOWNLOADS / place.removeprefix("https://")
    return file.is_file()


def ask(place, mirror=None):
    """Ask a server whether it has a file; the answer is one of `STATES`.

    Parameters
    ----------
    place : HubFile or str
    mirror : str, optional
        Server to ask instead of that of an address. huggingface_hub has a setting of its own, HF_ENDPOINT.
    """
    if isinstance(place, HubFile):
        address = hf_hub_url(place.repository, place.file, revision=place.revision)
        headers = build_hf_headers()
    else:
        address = f"{mirror}/{place.removeprefix('https://')}" if mirror else place
        headers = {}
    try:
        answer = requests.head(address, headers=headers, allow_redirects=True, timeout=SECONDS)
    except requests.RequestException:
        return "unreachable"
    if answer.status_code in (401, 403):
        return "gated"
    if answer.status_code == 429 or answer.status_code >= 500:
        return "unreachable"
    is_page = "html" in answer.headers.get("Content-Type", "")  # a page about the file, not the file
    return "reachable" if answer.ok and not is_page else "missing"


def _short(place):
    """A place as the table shows it: repository, server, or the end of a path."""
    if isinstance(place, HubFile):
        return place.repository
    return place.split("/")[2] if isinstance(place, str) else "/".join(place.parts[-2:])


def as_text(table):
    """A `survey` as text: a row per observer, a legend, and totals."""
    shown = table.astype(object).where(table.notna(), "?")
    for name in ("takes_part", "verified"):
        shown[name] = table[name].map({True: "yes", False: "no"}).fillna("-")
    shown["size_mb"] = [f"{size:,.0f}" if isinstance(size, float) else str(size) for size in shown["size_mb"]]
    shown = shown.rename(columns={"takes_part": "takes part", "size_mb": "MB"})
    states = table["weights"].value_counts()
    totals = ", ".join(f"{count} {name}" for name, count in states.items())
    verified = shown["verified"].value_counts()
    return "\n\n".join(
        [
            shown.to_string(index=False),
            "\n".join(_legend(states.index)),
            f"{len(table)} observers: {totals}; {verified.get('yes', 0)} verified, {verified.get('no', 0)} not",
        ]
    )


def _legend(states):
    """The lines that explain the words of a table."""
    yield "weights, or published decisions:"
    for name, meaning in STATES.items():
        if name in states:
            yield f"  {name}: {meaning}"
    yield "verified, yes: the registry has the checksum of weights that have been loaded, and it is always checked"
    yield "  no: the weights of the row have never been loaded; -: there is nothing to check"
    yield "?: unknown"
