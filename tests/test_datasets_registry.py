"""registry/datasets.yaml: what it must look like, and what it must say."""

import copy

import jsonschema
import pytest
import yaml

from conftest import ROOT
from generative_classifiers.study.registry import load

PARAMETRIC = [
    "colour", "contrast", "high-pass", "low-pass", "phase-scrambling", "power-equalisation", "false-colour",
    "rotation", "eidolonI", "eidolonII", "eidolonIII", "uniform-noise",
]  # fmt: skip
NONPARAMETRIC = ["sketch", "stylized", "edge", "silhouette", "cue-conflict"]
COLOUR = ("datasets", "colour")
FILE = (*COLOUR, "decisions", "humans", "subject-01")


@pytest.fixture(scope="module")
def validator():
    schema = yaml.safe_load((ROOT / "schemas/datasets.schema.yaml").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_keeps_to_the_schema(datasets, validator):
    validator.validate(datasets)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("more",), {}),
        ((*COLOUR, "lable"), "Colour"),
        ((*COLOUR, "kind"), "other"),
        ((*COLOUR, "conditions"), []),
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
def test_schema_refuses(datasets, validator, place, value):
    changed = copy.deepcopy(datasets)
    spot = changed
    for key in place[:-1]:
        spot = spot[key]
    spot[place[-1]] = value
    with pytest.raises(jsonschema.ValidationError) as error:
        validator.validate(changed)
    assert all(a == b for a, b in zip(error.value.absolute_path, place, strict=False))


def test_all_datasets_in_order(datasets):
    rows = datasets["datasets"]
    assert list(rows) == PARAMETRIC + NONPARAMETRIC
    assert [name for name, row in rows.items() if row["kind"] == "parametric"] == PARAMETRIC
    for name, row in rows.items():
        # In the benchmark's order, so that plots and averages take them as they come.
        assert [c for c in row["conditions"] if c in row["excluded"]] == row["excluded"], name
        assert row["stimuli"]["url"].endswith(f"/v0.1/{name}.tar.gz")


def test_number_of_cells_in_the_benchmark(datasets):
    rows = datasets["datasets"].values()
    assert sum(len(row["conditions"]) for row in rows) == 73 + 5
    assert sum(len(row["conditions"]) - len(row["excluded"]) for row in rows) == 41 + 5


def test_files_of_a_dataset():
    study = load({"study": "humans"})
    files = study.sources("decisions", "edge")
    assert len(files) == 10 + 9 + 3 + 2 and files[0][0] == "subject-01"
    assert files[0][1].startswith("https://github.com/bethgelab/model-vs-human/raw/79ed7cd1d9ac3a114e71b663")
    archive, *humans = study.sources("stimuli", "edge")
    assert archive[1].endswith("/v0.1/edge.tar.gz") and len(humans) == 10
    urls = [url for name in study.datasets for _, url, _ in study.sources("decisions", name)]
    assert len(urls) == len(set(urls)) == 269
