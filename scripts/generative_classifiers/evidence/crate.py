"""The description of an archive as an RO-Crate, https://w3id.org/ro/crate/1.1: JSON-LD that machines can search."""

import json
from collections.abc import Iterable
from typing import Any

METADATA = "ro-crate-metadata.json"
PROFILE = "https://w3id.org/ro/crate/1.1"
PAPER = "https://arxiv.org/abs/2309.16779"
FORMATS = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".sha256": "text/plain",
    ".tex": "application/x-tex",
    ".txt": "text/plain",
    ".yaml": "application/yaml",
}
# What the folders of an archive hold.
CONTENTS = {
    "evidence": "losses of every category at every draw",
    "decisions": "decisions of all observers",
    "metrics": "metrics of the decisions",
    "examples": "reconstructions of example images",
    "figures": "figures and tables",
    "registry": "what studies choose from",
    "studies": "the study",
    "envs": "versions of packages",
}


def describe(study: str, names: Iterable[str], date: str, licence: str) -> bytes:
    """Describe an archive.

    Parameters
    ----------
    study : str
        Its name.
    names : iterable of str
        Of the archive's parts: files, and stores, which end in `.zarr`.
    date : str
        Of publication, `YYYY-MM-DD`.
    licence : str
        Address of the licence.

    Returns
    -------
    bytes
        The content of `ro-crate-metadata.json`.
    """
    parts = [_part(name) for name in sorted(names)]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Generative classifiers: the study {study}",
        "description": f"Losses, decisions, metrics and figures of the study {study}, with the configuration and the "
        "versions of packages that they were made with. `generative-classifiers restore` puts them into a copy of the "
        "project.",
        "datePublished": date,
        "license": {"@id": licence},
        "citation": {"@id": PAPER},
        "hasPart": [{"@id": part["@id"]} for part in parts],
    }
    descriptor = {
        "@id": METADATA,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": PROFILE},
    }
    context = [
        {"@id": licence, "@type": "CreativeWork", "name": "Licence"},
        {"@id": PAPER, "@type": "ScholarlyArticle", "name": "Intriguing properties of generative classifiers"},
    ]
    graph = {"@context": f"{PROFILE}/context", "@graph": [descriptor, root, *context, *parts]}
    return (json.dumps(graph, indent=1, ensure_ascii=False) + "\n").encode()


def _part(name: str) -> dict[str, Any]:
    """A store, which is a folder, or a file."""
    folders = name.split("/")[:-1]
    content = next((CONTENTS[folder] for folder in reversed(folders) if folder in CONTENTS), "settings of the site")
    about = {"name": name.rpartition("/")[2], "description": content}
    if name.endswith(".zarr"):
        return {"@id": f"{name}/", "@type": "Dataset", **about}
    ending = name[name.rindex(".") :]
    return {"@id": name, "@type": "File", **about, "encodingFormat": FORMATS[ending]}
