"""The YAML documents of a small study, for tests to change."""

import copy
import json
from functools import cache

import pytest
import yaml

from generative_classifiers.study.load import load
from small_studies import ROOT

STUDIES = ("miniature", "humans", "paper")
SMALL = "studies/small.yaml"
DATASETS, OBSERVERS = "registry/datasets.yaml", "registry/observers.yaml"
PUBLISHED, AMBIGUOUS = "registry/published.yaml", "registry/ambiguous_images.yaml"


@cache
def content(path):
    # Through JSON, so that rows which share a part in YAML each have their own.
    return json.loads(json.dumps(yaml.safe_load((ROOT / path).read_text())))


def part_of(document, place):
    """The part of a document at a place: a tuple of keys."""
    for key in place:
        document = document[key]
    return document


@pytest.fixture
def documents():
    """YAML documents of a small study, for tests to spoil."""
    study, datasets = copy.deepcopy(content("studies/miniature.yaml")), copy.deepcopy(content(DATASETS))
    names = ["colour", "edge", "cue-conflict"]
    datasets["datasets"] = {name: datasets["datasets"][name] for name in names}
    rows = datasets["repositories"].items()
    datasets["repositories"] = {name: row for name, row in rows if "checksums" not in row}
    for row in datasets["datasets"].values():
        row["decisions"] = {who: dict(list(files.items())[:2]) for who, files in row["decisions"].items()}
    study["datasets"] = list(names)
    study["observers"] = ["simulated", "miniature-diffusion", "miniature-cnn", "miniature-cnn-noise"]
    del study["evidence"]["draws_of"]
    study["evidence"] |= {"draws": 2, "times": "golden"}
    observers = copy.deepcopy(content(OBSERVERS))
    names = ["humans", "resnet50", *study["observers"]]
    observers["observers"] = {name: observers["observers"][name] for name in names}
    unchanged = {path: copy.deepcopy(content(path)) for path in (PUBLISHED, AMBIGUOUS)}
    return {SMALL: study, DATASETS: datasets, OBSERVERS: observers, **unchanged}


@pytest.fixture
def load_small(documents, tmp_path):
    """Load the small study as the documents have it by then."""

    def load_them(**config):
        for path, document in documents.items():
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_text(yaml.safe_dump(document, sort_keys=False))
        return load({"study": "small", **config}, tmp_path)

    return load_them
