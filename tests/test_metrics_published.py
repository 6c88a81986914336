"""All metrics of the published decisions, against plain loops over the trials and against printed numbers."""

import csv

import pytest

import reference_metrics as reference
from generative_classifiers.metrics.accuracy import accuracy
from generative_classifiers.metrics.benchmark import benchmark
from generative_classifiers.metrics.cells import list_cells
from generative_classifiers.metrics.consistency import consistency
from generative_classifiers.metrics.shape_bias import shape_bias
from generative_classifiers.metrics.tables import (
    accuracy_table,
    benchmark_table,
    consistency_table,
    shape_bias_table,
    write_table,
)

pytestmark = pytest.mark.skipif(
    not reference.MIRROR.is_dir(), reason=f"needs the published decisions: no folder {reference.MIRROR}"
)

exactly = {"rel": 0, "abs": 1e-12}
HUMAN_KAPPA = {
    "colour": 0.41543, "contrast": 0.43703, "cue-conflict": 0.33105, "edge": 0.31844, "eidolonI": 0.38634,
    "eidolonII": 0.45402, "eidolonIII": 0.45953, "false-colour": 0.44405, "high-pass": 0.44014,
    "low-pass": 0.46888, "phase-scrambling": 0.44667, "power-equalisation": 0.51063, "rotation": 0.43851,
    "silhouette": 0.47571, "sketch": 0.36962, "stylized": 0.50058, "uniform-noise": 0.43406,
}  # fmt: skip
# Geirhos et al. 2019, in percent; resnet50: arXiv 2309.16779.
SHAPE_BIAS = {
    "alexnet-geirhos2019": 42.9,
    "vgg-geirhos2019": 17.2,
    "googlenet-geirhos2019": 31.2,
    "resnet50-geirhos2019-pytorch": 22.1,
    "humans": 95.9,
    "resnet50": 21.4,
}
# Accuracy difference, observed consistency, error consistency, OOD accuracy.
BENCHMARK = {
    "resnet50": (0.087, 0.665, 0.208, 0.559),
    "simclr_resnet50x1": (0.080, 0.667, 0.179, 0.596),
    "bagnet33": (0.156, 0.567, 0.137, 0.398),
}


@pytest.fixture(scope="module")
def trials():
    return {dataset: reference.published_trials(dataset) for dataset in reference.CONDITIONS}


@pytest.fixture(scope="module")
def metrics(trials):
    decisions = {dataset: reference.decisions_of(dataset, trials[dataset]) for dataset in trials}
    cells = list_cells(reference.CONDITIONS, reference.EXCLUDED)
    of_cells = accuracy(decisions.values(), cells), consistency(decisions.values(), cells)
    return *of_cells, shape_bias(decisions["cue-conflict"], "humans"), benchmark(*of_cells, "humans")


def rows_of(table, folder):
    """A table as written and read back by a reader that knows only text."""
    write_table(table, folder / "table.csv")
    with (folder / "table.csv").open(newline="") as file:
        return list(csv.reader(file))


def test_the_data_are_complete(trials):
    names = {name for by_observer in trials.values() for name in by_observer}
    assert sum(name.startswith("subject-") for by in trials.values() for name in by) == 90
    assert sum(not name.startswith("subject-") for name in names) == 25


def test_accuracy(trials, metrics, tmp_path):
    header, *rows = rows_of(accuracy_table(metrics[0]), tmp_path)
    assert header == ["observer", "dataset", "condition", "accuracy", "n", "in_benchmark"]
    naive = reference.naive_accuracy(trials)
    assert {tuple(row[:3]) for row in rows} == naive.keys() and len(rows) == len(naive)
    for observer, dataset, condition, value, n, in_benchmark in rows:
        expected = naive[observer, dataset, condition]
        assert float(value) == pytest.approx(expected[0], **exactly)
        assert (int(n), in_benchmark) == (expected[1], str(expected[2]))


def test_consistency(trials, metrics, tmp_path):
    header, *rows = rows_of(consistency_table(metrics[1]), tmp_path)
    assert header == ["observer", "other", "dataset", "condition", "observed", "expected", "kappa"]
    naive = reference.naive_consistency(trials)
    assert {(frozenset(row[:2]), *row[2:4]) for row in rows} == naive.keys() and len(rows) == len(naive)
    for a, b, dataset, condition, *values in rows:
        expected = naive[frozenset((a, b)), dataset, condition]
        assert [float(value) for value in values] == pytest.approx(expected, **exactly)


def test_shape_bias(trials, metrics, tmp_path):
    header, *rows = rows_of(shape_bias_table(metrics[2]), tmp_path)
    assert header == ["observer", "category", "shape", "texture", "shape_bias"]
    naive = reference.naive_shape_bias(trials["cue-conflict"], "humans")
    assert {tuple(row[:2]) for row in rows} == naive.keys() and len(rows) == len(naive)
    for observer, category, *values in rows:
        expected = naive[observer, category]
        assert [float(value) for value in values] == pytest.approx(expected, **exactly)


def test_benchmark(trials, metrics, tmp_path):
    header, *rows = rows_of(benchmark_table(metrics[3]), tmp_path)
    assert header == [
        "observer", "datasets", "ood_accuracy", "accuracy_difference", "observed_consistency",
        "error_consistency", "mean_rank", "accuracy_rank",
    ]  # fmt: skip
    naive = reference.naive_benchmark(trials, "humans")
    assert [row[0] for row in rows] == list(naive)
    for observer, *values in rows:
        assert [float(v or "nan") for v in values] == pytest.approx(naive[observer], nan_ok=True, **exactly)


def test_shape_bias_as_printed(metrics):
    overall = metrics[2]["overall_shape_bias"]
    percent = {name: round(100 * float(overall.sel(observer=name)), 1) for name in SHAPE_BIAS}
    assert percent == SHAPE_BIAS


def test_cue_conflict_counts_all_images(metrics):
    n = metrics[2]["n"].sel(observer=["resnet50", "humans", "humans-mean"])
    assert (n == [[80], [800], [80]]).all()


def test_benchmark_as_printed(metrics):
    rows = metrics[3].sel(observer=list(BENCHMARK))
    columns = ["accuracy_difference", "observed_consistency", "error_consistency", "ood_accuracy"]
    printed = {
        name: tuple(round(float(rows[column].sel(observer=name)), 3) for column in columns) for name in BENCHMARK
    }
    assert printed == BENCHMARK


def test_human_error_consistency(trials, metrics):
    cells = list_cells(reference.CONDITIONS, reference.EXCLUDED)
    for dataset, by_observer in trials.items():
        humans = {name: answers for name, answers in by_observer.items() if name.startswith("subject-")}
        decisions = [reference.decisions_of(dataset, humans)]
        own = [cell for cell in cells if cell.dataset == dataset]
        row = benchmark(accuracy(decisions, own), consistency(decisions, own), "humans")
        assert round(float(row["error_consistency"][0]), 5) == HUMAN_KAPPA[dataset], dataset
    assert round(float(metrics[3]["error_consistency"].sel(observer="humans")), 5) == 0.43122
