"""JSON Schemas of the YAML files, for editors.

`python -m generative_classifiers.study.schemas` writes them to `schemas/`.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from generative_classifiers.io.atomic import atomic_write
from generative_classifiers.io.paths import ROOT
from generative_classifiers.study.ambiguous_images import AmbiguousImages
from generative_classifiers.study.datasets import Datasets
from generative_classifiers.study.drawings import Drawings
from generative_classifiers.study.figures import FiguresAndTables
from generative_classifiers.study.levels import Levels
from generative_classifiers.study.observers import Observers
from generative_classifiers.study.published_results import PublishedResults
from generative_classifiers.study.questions import Questions
from generative_classifiers.study.settings import StudySettings
from generative_classifiers.study.site import Site
from generative_classifiers.study.templates import Templates

# The type of each file's content, by the name of its schema.
DOCUMENTS: dict[str, Any] = {
    "config": Site,
    "study": StudySettings,
    "datasets": Datasets,
    "observers": Observers,
    "published": PublishedResults,
    "ambiguous_images": AmbiguousImages,
    "drawings": Drawings,
    "figures": FiguresAndTables,
    "templates": Templates,
    "questions": Questions,
    "levels": Levels,
}


def schema_of(name: str) -> str:
    """The schema of a document, as the text of its file.

    Parameters
    ----------
    name : str
        Key of `DOCUMENTS`.

    Returns
    -------
    str
    """
    schema = TypeAdapter(DOCUMENTS[name]).json_schema()
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=1) + "\n"


def export(folder: Path) -> None:
    """Write the schemas of all documents, `<folder>/<name>.schema.json`."""
    for name in DOCUMENTS:
        with atomic_write(folder / f"{name}.schema.json") as partial:
            partial.write_text(schema_of(name), encoding="utf-8")


if __name__ == "__main__":
    export(ROOT / "schemas")
