"""The whole pipeline on a study of a few images: what it leaves, and what it does not do again."""

import csv
import re
import warnings

import numpy as np
import pytest
import xarray as xr
import yaml

from generative_classifiers.io.attributes import decode_attributes
from generative_classifiers.study.categories import CATEGORIES
from small_studies import TINY as DATASETS
from small_studies import files_made, python, snakemake, write

SIMULATED = ["simulated-01", "simulated-02", "simulated-03", "simulated-04", "simulated-05"]
FIGURES = [f"figure_{number:02}" for number in (1, 3, 4, 5, 6, 9, 10, 11, 12, 13, 17)]
TABLES = ["table_2", "table_3"]
NOTHING = "Nothing to be done"


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
    """The same as `contents`, and the versions of what made the store."""
    contents(found, variables, coords, **attributes)
    assert {"numpy", "xarray", "zarr"} <= decode_attributes(found.attrs)["versions"].keys()


def contents(found, variables, coords, **attributes):
    """Dimensions and types of variables by name, dimensions of the coordinates, and attributes."""
    assert {name: (v.dims, v.dtype) for name, v in found.variables.items() if name in variables} == variables
    assert {name: coord.dims for name, coord in found.coords.items() if name not in variables} == coords
    assert attributes.items() <= decode_attributes(found.attrs).items()


def test_nothing_else_is_left(tiny):
    made = files_made(tiny, "tiny")
    assert not [path for path in made if "partial" in path]
    assert {path for path in made if path.startswith("figures/")} == {
        *(f"figures/tiny/{figure}.{kind}" for figure in FIGURES for kind in ("pdf", "png")),
        *(f"figures/tiny/{table}.{kind}" for table in TABLES for kind in ("csv", "md", "tex")),
        *(f"figures/tiny/leaderboard.{kind}" for kind in ("csv", "html")),
    }
    metrics = ["accuracy", "consistency", "shape_bias", "conditions", "benchmark", "comparisons", "ranking"]
    assert {path for path in made if path.startswith("data/tiny/metrics/") and path.endswith(".csv")} == {
        f"data/tiny/metrics/{name}.csv" for name in metrics
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
    names = ["name", "image_hash", "true_category", "condition"] + ["texture_category"] * (dataset == "cue-conflict")
    coords = dict.fromkeys(names, ("image",)) | dict.fromkeys(["category", "prompt"], ("category",))
    coords |= dict.fromkeys(["draw", "time", "alpha", "sigma", "seed"], ("draw",))
    about = {"dataset": dataset, "observer": "miniature-cnn", "family": "discriminative", "seed": 0}
    contents(found, {"loss": (("image", "category", "draw"), np.float32)}, coords, **about)
    assert found["category"].values.tolist() == list(CATEGORIES) and found["loss"].shape == (DATASETS[dataset], 16, 1)
    assert {"weights", "identity", "request"} <= found.attrs.keys()
    assert found["name"].values.tolist() == store(f"stimuli/{dataset}")["name"].values.tolist()


@pytest.mark.parametrize("dataset", DATASETS)
def test_contract_of_decisions(tiny, store, dataset):
    found = store(f"decisions/{dataset}")
    names = ["name", "true_category", "condition"] + ["texture_category"] * (dataset == "cue-conflict")
    coords = dict.fromkeys(names, ("image",)) | {"category": ("category",)}
    coords |= dict.fromkeys(["observer", "family", "is_reference"], ("observer",))
    evidence = {"miniature-cnn": store(f"evidence/miniature-cnn/{dataset}").attrs["identity"]}
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
    bound = {"bound": ("bound",)}
    check(accuracy, per_cell, cell | observer | bound, study="tiny")
    assert accuracy["condition"].values.tolist() == ["cr", "bw", "all", "all"]
    assert accuracy["in_benchmark"].values.tolist() == [False, True, True, True]
    pairs = dict.fromkeys(["observed", "expected", "kappa"], (("observer", "other", "cell"), number))
    check(consistency, pairs, cell | observer | bound | {"other": ("other",)}, study="tiny")
    assert shape_bias["observer"].values.tolist() == [*SIMULATED, "miniature-cnn", "simulated", "simulated-mean"]
    assert shape_bias["shape_bias"].dims == ("observer", "category")
    assert shape_bias["overall_shape_bias"].dims == ("observer",)
    assert benchmark["observer"].values.tolist() == ["simulated", "miniature-cnn"]
    measures = ["ood_accuracy", "accuracy_difference", "observed_consistency", "error_consistency"]
    assert all(benchmark[name].dims == ("observer",) for name in ["datasets", *measures, "mean_rank", "accuracy_rank"])
    conditions, comparisons = store("metrics/conditions"), store("metrics/comparisons")
    per_cell = dict.fromkeys(["accuracy", *measures[1:]], (("observer", "cell"), number))
    check(conditions, per_cell, cell | observer | bound, study="tiny", reference="simulated")
    names = ["only_observer", "only_other", "p_value", "p_holm"]
    tests = dict.fromkeys(names, (("observer", "other", "dataset"), number))
    check(comparisons, tests, observer | {"other": ("other",), "dataset": ("dataset",)}, study="tiny")


def test_contract_of_intervals(store):
    cells, pairs = ("observer", "cell", "bound"), ("observer", "other", "cell", "bound")
    of_measure = ("ood_accuracy", "accuracy_difference", "observed_consistency", "error_consistency")
    expected = {
        "accuracy": dict.fromkeys(["accuracy_interval", "accuracy_wilson"], cells),
        "consistency": dict.fromkeys(["observed_interval", "kappa_interval", "kappa_range"], pairs),
        "conditions": {f"{name}_interval": cells for name in ("accuracy", *of_measure[1:])},
        "benchmark": {f"{name}_interval": ("observer", "bound") for name in of_measure},
        "shape_bias": dict.fromkeys(["shape_bias_interval", "shape_bias_wilson"], ("observer", "category", "bound"))
        | dict.fromkeys(["overall_shape_bias_interval", "overall_shape_bias_wilson"], ("observer", "bound")),
    }
    for name, intervals in expected.items():
        found = store(f"metrics/{name}")
        assert found["bound"].values.tolist() == ["lower", "upper"]
        bounded = {variable: found[variable].dims for variable in found if "bound" in found[variable].dims}
        assert bounded == intervals
        for variable in intervals:
            lower, upper = found[variable].transpose("bound", ...).values
            assert not (lower > upper).any() and not np.isnan(lower).all()


def test_tables_of_metrics(tiny, store):
    human_likeness = "accuracy_difference,observed_consistency,error_consistency"
    # Columns, of which there are bounds, and how many rows.
    expected = {
        "accuracy": ("observer,dataset,condition,accuracy,n,in_benchmark", "accuracy,accuracy_wilson", 6 * 4),
        "consistency": (
            "observer,other,dataset,condition,observed,expected,kappa",
            "observed,kappa,kappa_range",
            15 * 4,
        ),
        "shape_bias": ("observer,category,shape,texture,shape_bias", "shape_bias,shape_bias_wilson", 8 * 17),
        "conditions": (
            f"observer,dataset,condition,accuracy,{human_likeness},in_benchmark",
            f"accuracy,{human_likeness}",
            2 * 4,
        ),
        "benchmark": (
            f"observer,datasets,ood_accuracy,{human_likeness},mean_rank,accuracy_rank",
            f"ood_accuracy,{human_likeness}",
            2,
        ),
        "comparisons": ("observer,other,dataset,only_observer,only_other,p_value,p_holm", "", 15 * 3),
    }
    tables = {name: rows(tiny, f"metrics/{name}") for name in expected}
    for name, (columns, bounded, count) in expected.items():
        bounds = [f"{one}_{bound}" for one in bounded.split(",") if one for bound in ("lower", "upper")]
        assert list(tables[name][0]) == [*columns.split(","), *bounds] and len(tables[name]) == count
    accuracy = store("metrics/accuracy")["accuracy"].values.ravel()
    assert [float(row["accuracy"]) for row in tables["accuracy"]] == accuracy.tolist()


def test_a_second_run_does_nothing(tiny):
    run = snakemake(tiny, study="tiny")
    assert run.returncode == 0 and NOTHING in run.stdout, run.stdout


def test_a_comment_recomputes_nothing(tiny):
    for path in ("scripts/evidence.py", "scripts/render.py", "scripts/generative_classifiers/evidence/job.py"):
        (tiny / path).write_text((tiny / path).read_text() + "# A remark.\n")
    run = snakemake(tiny, "-n", study="tiny")
    assert NOTHING in run.stdout, run.stdout


def test_another_observer_leaves_the_others_alone(tiny):
    path = tiny / "studies/tiny.yaml"
    before = path.read_text()
    write(yaml.safe_load(before) | {"observers": ["simulated", "miniature-cnn", "miniature-cnn-noise"]}, path)
    run = snakemake(tiny, "-n", "--verbose", study="tiny")
    path.write_text(before)
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", run.stdout, re.M))
    assert {name: jobs.get(name) for name in ("train_on_world", "evidence", "decisions")} == {
        "train_on_world": "1",
        "evidence": "3",
        "decisions": "3",
    }
    assert not {"render", "simulate"} & jobs.keys()
    assert "observer=miniature-cnn-noise" in run.stdout
    assert not re.search(r"observer=miniature-cnn\b(?!-)", run.stdout)


def test_one_job_for_all_datasets_gives_the_same_evidence(tiny):
    study = yaml.safe_load((tiny / "studies/tiny.yaml").read_text())
    study["evidence"] |= {"together": True}
    write(study, tiny / "studies/joint.yaml")
    store = "evidence/miniature-cnn/{}.zarr"
    run = snakemake(tiny, "data/joint/evidence/miniature-cnn/colour.json", study="joint", evidence_cache="other-cache")
    assert run.returncode == 0, run.stdout
    assert re.search(r"^evidence_together +1$", run.stdout, re.M), run.stdout
    for dataset in DATASETS:
        joint, apart = (xr.open_zarr(tiny / f"data/{name}" / store.format(dataset)) for name in ("joint", "tiny"))
        assert joint.equals(apart) and joint.attrs["request"] == apart.attrs["request"]


def test_a_figure_by_hand(tiny):
    before = files_made(tiny, "tiny")
    (tiny / "figures/tiny/figure_06.pdf").unlink()
    (tiny / "figures/tiny/figure_06.png").unlink()
    run = python(tiny.parent, tiny / "scripts/plot_error_consistency.py", "--study", "tiny", "figure=figure_06")
    assert run.returncode == 0, run.stdout
    assert files_made(tiny, "tiny") == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("plot_benchmark_panels.py", "--study", "large"), "config.yaml or --config: study: 'large' is unknown, "),
        (
            ("plot_benchmark_panels.py", "--study", "humans"),
            "data/humans/metrics/ranking.zarr/zarr.json does not exist",
        ),
        (("decisions.py", "--study", "tiny"), "decisions has 3 jobs, name one, for example dataset=colour"),
        (
            ("plot_error_consistency.py", "--study", "tiny"),
            "plot_error_consistency has 2 jobs, name one, for example fig",
        ),
        (
            ("plot_noise_training.py", "--study", "tiny", "figure=figure_14"),
            "the study has no job of plot_noise_training",
        ),
    ],
)
def test_what_cannot_be_done_by_hand(tiny, arguments, message):
    script, *options = arguments
    run = python(tiny, f"scripts/{script}", *options)
    assert run.returncode == 1 and run.stdout.startswith(message) and run.stdout.count("\n") == 1
