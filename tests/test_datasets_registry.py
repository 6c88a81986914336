"""registry/datasets.yaml: what it must look like, and what it must say."""

import copy
import re

import pytest

from generative_classifiers.io.errors import InputError
from generative_classifiers.study.datasets import Datasets
from generative_classifiers.study.load import load
from generative_classifiers.study.validation import validated
from study_documents import part_of

PARAMETRIC = [
    "colour", "contrast", "high-pass", "low-pass", "phase-scrambling", "power-equalisation", "false-colour",
    "rotation", "eidolonI", "eidolonII", "eidolonIII", "uniform-noise",
]  # fmt: skip
NONPARAMETRIC = ["sketch", "stylized", "edge", "silhouette", "cue-conflict"]
LAB = ["frequency-bands", "cue-conflict-textures"]
COLOUR = ("datasets", "colour")
FILE = (*COLOUR, "decisions", "humans", "subject-01")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("more",), {}),
        ((*COLOUR, "lable"), "Colour"),
        ((*COLOUR, "kind"), "other"),
        ((*COLOUR, "conditions"), []),
        ((*COLOUR, "least_size"), {"xx": 32}),
        ((*COLOUR, "images"), None),
        ((*COLOUR, "conditions"), [0.0, 0.1]),
        ((*COLOUR, "conditions"), ["cr", "cr"]),
        ((*COLOUR, "decisions", "models"), {}),
        ((*COLOUR, "stimuli", "sha256"), "abc"),
        ((*FILE, "sha256"), None),
        ((*FILE, "sha256"), "F" * 64),
        ((*FILE, "path"), "../secret.csv"),
        ((*FILE, "path"), "/secret.csv"),
        ((*FILE, "size"), 1),
        (("datasets", "sketch", "conditions"), ["0"]),
        (("datasets", "sketch", "excluded"), ["all"]),
        (("repositories", "model-vs-human", "commit"), "master"),
        (("repositories", "model-vs-human", "url"), "https://github.com/no/commit"),
    ],
)
def test_faults_are_named_by_their_place(datasets, place, value):
    changed = copy.deepcopy(datasets)
    part_of(changed, place[:-1])[place[-1]] = value
    with pytest.raises(InputError, match=rf"^{re.escape('.'.join(place[:2]))}"):
        validated(Datasets, changed, lambda *keys: ".".join(map(str, keys)))


def test_all_datasets_in_order(datasets):
    rows = datasets["datasets"]
    assert list(rows) == PARAMETRIC + NONPARAMETRIC + LAB
    assert [name for name, row in rows.items() if row["kind"] == "parametric"] == PARAMETRIC + LAB
    assert [name for name, row in rows.items() if not row.get("in_benchmark", True)] == LAB
    rows = of_benchmark(datasets)
    for name, row in rows.items():
        # In the benchmark's order, so that plots and averages take them as they come.
        assert [c for c in row["conditions"] if c in row["excluded"]] == row["excluded"], name
        assert row["stimuli"]["url"].endswith(f"/v0.1/{name}.tar.gz")


def of_benchmark(datasets):
    return {name: row for name, row in datasets["datasets"].items() if row.get("in_benchmark", True)}


def test_number_of_cells_in_the_benchmark(datasets):
    rows = of_benchmark(datasets).values()
    assert sum(len(row["conditions"]) for row in rows) == 73 + 5
    assert sum(len(row["conditions"]) - len(row["excluded"]) for row in rows) == 41 + 5


def test_files_of_a_dataset():
    study = load({"study": "humans"})
    files = study.sources("decisions", "edge")
    assert len(files) == 10 + 9 + 3 + 2 + 15 and files[0][0] == "subject-01"
    assert files[0][1].startswith("https://github.com/bethgelab/model-vs-human/raw/79ed7cd1d9ac3a114e71b663")
    archive, *humans = study.sources("stimuli", "edge")
    assert archive[1].endswith("/v0.1/edge.tar.gz") and len(humans) == 10
    urls = [url for name in study.datasets for _, url, _ in study.sources("decisions", name)]
    assert len(urls) == len(set(urls)) == 269 + 255 + 33
