"""The whole pipeline on a study of a few images: what it leaves, and what it does not do again."""

import csv
import re
import warnings

import numpy as np
import pytest
import xarray as xr
import yaml

from generative_classifiers.categories import CATEGORIES
from small_studies import content, copy_project, files_made, python, snakemake, write

DATASETS = {"colour": 32, "silhouette": 16, "cue-conflict": 240}  # images
SIMULATED = ["simulated-01", "simulated-02", "simulated-03", "simulated-04", "simulated-05"]
FIGURES = ["figure_01", "figure_06", "figure_09", "figure_12"]
NOTHING = "Nothing to be done"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A copy of the project in which the study `tiny` has run."""
    folder = copy_project(tmp_path_factory.mktemp("tiny") / "project")
    study, registry = content("studies/miniature.yaml"), content("registry/observers.yaml")
    study |= {"datasets": list(DATASETS), "observers": ["simulated", "miniature-cnn"]}
    study["world"]["images"] |= {"nonparametric": 16}
    for name in ("miniature-cnn", "miniature-cnn-noise"):
        registry["observers"][name]["training"] |= {"steps": 10, "warm_up": 2, "decay": 2}
    write(study, folder / "studies/tiny.yaml")
    write(registry, folder / "registry/observers.yaml")
    run = snakemake(folder, study="tiny")
    assert run.returncode == 0, run.stdout
    return folder


@pytest.fixture(scope="module")
def store(tiny):
    """Open a store of the study."""

    def open_it(path):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return xr.open_zarr(tiny / f"data/tiny/{path}.zarr").load()

    return open_it


def rows(tiny, table):
    with (tiny / f"data/tiny/{table}.csv").open(newline="") as handle:
        return list(csv.DictReader(handle))


def check(found, variables, coords, **attributes):
    """Dimensions and types of variables by name, dimensions of the coordinates, and attributes."""
    assert {name: (v.dims, v.dtype) for name, v in found.variables.items() if name in variables} == variables
    assert {name: coord.dims for name, coord in found.coords.items() if name not in variables} == coords
    assert attributes.items() <= found.attrs.items() and {"numpy", "xarray", "zarr"} <= found.attrs["versions"].keys()


def test_nothing_else_is_left(tiny):
    made = files_made(tiny, "tiny")
    assert not [path for path in made if "partial" in path]
    assert {path for path in made if path.startswith("figures/")} == {
        f"figures/tiny/{figure}.{kind}" for figure in FIGURES for kind in ("pdf", "png")
    }
    assert {path for path in made if path.startswith("data/tiny/metrics/") and path.endswith(".csv")} == {
        f"data/tiny/metrics/{name}.csv" for name in ("accuracy", "consistency", "shape_bias", "benchmark")
    }


@pytest.mark.parametrize(("dataset", "count"), DATASETS.items())
def test_contract_of_stimuli(store, dataset, count):
    found = store(f"stimuli/{dataset}")
    names = ["name", "category", "condition"] + ["texture_category"] * (dataset == "cue-conflict")
    variables = {"image": (("image", "y", "x", "channel"), np.uint8)}
    check(found, variables, dict.fromkeys(names, ("image",)), study="tiny", dataset=dataset)
    assert found["image"].shape == (count, 32, 32, 3)


@pytest.mark.parametrize("dataset", DATASETS)
def test_contract_of_evidence(store, dataset):
    found = store(f"evidence/miniature-cnn/{dataset}")
    names = ["name", "true_category", "condition"] + ["texture_category"] * (dataset == "cue-conflict")
    coords = dict.fromkeys(names, ("image",)) | {"category": ("category",)}
    coords |= dict.fromkeys(["time", "alpha", "sigma", "seed"], ("draw",))
    about = {"study": "tiny", "dataset": dataset, "observer": "miniature-cnn", "family": "discriminative", "seed": 0}
    check(found, {"loss": (("image", "category", "draw"), np.float32)}, coords, **about)
    assert found["category"].values.tolist() == list(CATEGORIES) and found["loss"].shape == (DATASETS[dataset], 16, 1)
    assert {"weights", "fingerprint", "stimuli"} <= found.attrs.keys() and "torch" in found.attrs["versions"]
    assert found["name"].values.tolist() == store(f"stimuli/{dataset}")["name"].values.tolist()


@pytest.mark.parametrize("dataset", DATASETS)
def test_contract_of_decisions(tiny, store, dataset):
    found = store(f"decisions/{dataset}")
    names = ["name", "true_category", "condition"] + ["texture_category"] * (dataset == "cue-conflict")
    coords = dict.fromkeys(names, ("image",)) | {"category": ("category",)}
    coords |= dict.fromkeys(["observer", "family", "is_reference"], ("observer",))
    evidence = {"miniature-cnn": store(f"evidence/miniature-cnn/{dataset}").attrs["fingerprint"]}
    about = {"study": "tiny", "dataset": dataset, "weighting": "exponential", "evidence": evidence}
    check(found, {"response": (("observer", "image"), np.int8)}, coords, **about)
    assert found["observer"].values.tolist() == [*SIMULATED, "miniature-cnn"]
    assert found["is_reference"].values.tolist() == [True] * 5 + [False]
    assert len(rows(tiny, f"decisions/{dataset}")) == 6 * DATASETS[dataset]
    # The simulated observers know these drawings: they are well above chance, 1 in 16.
    right = found["category"].values[found["response"].sel(observer=SIMULATED)] == found["true_category"].values
    assert right.mean() > 0.3


def test_contract_of_metrics(tiny, store):
    cell = dict.fromkeys(["dataset", "condition", "in_benchmark"], ("cell",))
    observer = dict.fromkeys(["observer", "family", "is_reference"], ("observer",))
    accuracy, consistency = store("metrics/accuracy"), store("metrics/consistency")
    shape_bias, benchmark = store("metrics/shape_bias"), store("metrics/benchmark")
    number, count = np.dtype("float64"), np.dtype("int64")
    per_cell = {"accuracy": (("observer", "cell"), number), "n": (("observer", "cell"), count)}
    check(accuracy, per_cell, cell | observer, study="tiny")
    assert accuracy["condition"].values.tolist() == ["cr", "bw", "all", "all"]
    assert accuracy["in_benchmark"].values.tolist() == [False, True, True, True]
    pairs = dict.fromkeys(["observed", "expected", "kappa"], (("observer", "other", "cell"), number))
    check(consistency, pairs, cell | observer | {"other": ("other",)}, study="tiny")
    assert shape_bias["observer"].values.tolist() == [*SIMULATED, "miniature-cnn", "simulated", "simulated-mean"]
    assert shape_bias["shape_bias"].dims == ("observer", "category")
    assert shape_bias["overall_shape_bias"].dims == ("observer",)
    assert benchmark["observer"].values.tolist() == ["simulated", "miniature-cnn"]
    measures = ["ood_accuracy", "accuracy_difference", "observed_consistency", "error_consistency"]
    assert all(benchmark[name].dims == ("observer",) for name in ["datasets", *measures, "mean_rank", "accuracy_rank"])


def test_tables_of_metrics(tiny, store):
    columns = {
        "accuracy": "observer,dataset,condition,accuracy,n,in_benchmark",
        "consistency": "observer,other,dataset,condition,observed,expected,kappa",
        "shape_bias": "observer,category,shape,texture,shape_bias",
        "benchmark": "observer,datasets,ood_accuracy,accuracy_difference,observed_consistency,error_consistency,"
        "mean_rank,accuracy_rank",
    }
    tables = {name: rows(tiny, f"metrics/{name}") for name in columns}
    assert {name: ",".join(table[0]) for name, table in tables.items()} == columns
    assert {name: len(table) for name, table in tables.items()} == {
        "accuracy": 6 * 4,
        "consistency": 15 * 4,
        "shape_bias": 8 * 17,
        "benchmark": 2,
    }
    accuracy = store("metrics/accuracy")["accuracy"].values.ravel()
    assert [float(row["accuracy"]) for row in tables["accuracy"]] == accuracy.tolist()


def test_a_second_run_does_nothing(tiny):
    run = snakemake(tiny, study="tiny")
    assert run.returncode == 0 and NOTHING in run.stdout, run.stdout


def test_a_comment_recomputes_nothing(tiny):
    for path in ("scripts/evidence.py", "scripts/render.py", "scripts/generative_classifiers/evidence.py"):
        (tiny / path).write_text((tiny / path).read_text() + "# A remark.\n")
    run = snakemake(tiny, "-n", study="tiny")
    assert NOTHING in run.stdout, run.stdout


def test_another_observer_leaves_the_others_alone(tiny):
    path = tiny / "studies/tiny.yaml"
    before = path.read_text()
    write(yaml.safe_load(before) | {"observers": ["simulated", "miniature-cnn", "miniature-cnn-noise"]}, path)
    run = snakemake(tiny, "-n", study="tiny")
    path.write_text(before)
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", run.stdout, re.M))
    assert {name: jobs.get(name) for name in ("train_cnn", "evidence", "decisions")} == {
        "train_cnn": "1",
        "evidence": "3",
        "decisions": "3",
    }
    assert not {"render", "simulate"} & jobs.keys()
    assert "observer=miniature-cnn-noise" in run.stdout
    assert not re.search(r"observer=miniature-cnn\b(?!-)", run.stdout)


def test_a_figure_by_hand(tiny):
    before = files_made(tiny, "tiny")
    (tiny / "figures/tiny/figure_06.pdf").unlink()
    (tiny / "figures/tiny/figure_06.png").unlink()
    run = python(tiny.parent, tiny / "scripts/figure_06.py", "--study", "tiny")
    assert run.returncode == 0, run.stdout
    assert files_made(tiny, "tiny") == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("figure_06.py", "--study", "large"), "study 'large': no file studies/large.yaml, expected one of humans, "),
        (("figure_06.py", "--study", "humans"), "data/humans/metrics/consistency.zarr/zarr.json is not there yet: run"),
        (("decisions.py", "--study", "tiny"), "decisions has 3 jobs, name one, for example dataset=colour"),
    ],
)
def test_what_cannot_be_done_by_hand(tiny, arguments, message):
    script, *options = arguments
    run = python(tiny, f"scripts/{script}", *options)
    assert run.returncode == 1 and run.stdout.startswith(message) and run.stdout.count("\n") == 1
