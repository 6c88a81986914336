"""All metrics of the published decisions, compared with plain loops over the trials and with printed numbers."""

import csv
from itertools import combinations
from statistics import fmean

import numpy as np
import pytest
import xarray as xr

import reference_metrics as reference
from generative_classifiers.metrics.accuracy import accuracy
from generative_classifiers.metrics.benchmark import benchmark
from generative_classifiers.metrics.cells import list_cells
from generative_classifiers.metrics.conditions import compare, conditions
from generative_classifiers.metrics.consistency import consistency
from generative_classifiers.metrics.shape_bias import BIASES, shape_bias
from generative_classifiers.metrics.tables import (
    accuracy_table,
    benchmark_table,
    conditions_table,
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
    "efficientnet_l2_noisy_student_475": (0.040, 0.764, 0.169, 0.829),
}
MEASURES = ("ood_accuracy", "accuracy_difference", "observed_consistency", "error_consistency")


@pytest.fixture(scope="module")
def trials():
    return {dataset: reference.published_trials(dataset) for dataset in reference.CONDITIONS}


@pytest.fixture(scope="module")
def metrics(trials):
    decisions = {dataset: reference.decisions_of(dataset, trials[dataset]) for dataset in trials}
    cells = list_cells(reference.CONDITIONS, reference.EXCLUDED)
    of_cells = accuracy(decisions.values(), cells), consistency(decisions.values(), cells)
    comparison = compare(decisions.values(), cells, "humans")
    bias = shape_bias(decisions["cue-conflict"], "humans")
    return *of_cells, bias, benchmark(comparison), conditions(comparison)


def bounds(*measures):
    return [f"{measure}_{bound}" for measure in measures for bound in ("lower", "upper")]


def rows_of(table, folder, *bounded):
    """A table written and read back as text, without its last columns, which are bounds."""
    write_table(table, folder / "table.csv")
    with (folder / "table.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    first = len(header) - 2 * len(bounded)
    assert header[first:] == bounds(*bounded)
    for lower, upper in (row[i : i + 2] for row in rows for i in range(first, len(header), 2)):
        assert (lower, upper) == ("", "") or float(lower) <= float(upper) + 1e-12
    return [header[:first], *(row[:first] for row in rows)]


def test_published_decisions_are_of_90_subjects_and_87_models(trials):
    names = {name for by_observer in trials.values() for name in by_observer}
    assert sum(name.startswith("subject-") for by in trials.values() for name in by) == 90
    assert sum(not name.startswith("subject-") for name in names) == 25 + 15 + 47


def test_accuracy_equals_that_of_loops(trials, metrics, tmp_path):
    header, *rows = rows_of(accuracy_table(metrics[0]), tmp_path, "accuracy", "accuracy_wilson")
    assert header == ["observer", "dataset", "condition", "accuracy", "n", "in_benchmark"]
    naive = reference.naive_accuracy(trials)
    assert {tuple(row[:3]) for row in rows} == naive.keys() and len(rows) == len(naive)
    for observer, dataset, condition, value, n, in_benchmark in rows:
        expected = naive[observer, dataset, condition]
        assert float(value) == pytest.approx(expected[0], **exactly)
        assert (int(n), in_benchmark) == (expected[1], str(expected[2]))


def test_consistency_equals_that_of_loops(trials, metrics, tmp_path):
    header, *rows = rows_of(consistency_table(metrics[1]), tmp_path, "observed", "kappa", "kappa_range")
    assert header == ["observer", "other", "dataset", "condition", "observed", "expected", "kappa"]
    naive = reference.naive_consistency(trials)
    assert {(frozenset(row[:2]), *row[2:4]) for row in rows} == naive.keys() and len(rows) == len(naive)
    for a, b, dataset, condition, *values in rows:
        expected = naive[frozenset((a, b)), dataset, condition]
        assert [float(value) for value in values] == pytest.approx(expected, **exactly)


def test_shape_bias_equals_that_of_loops(trials, metrics, tmp_path):
    header, *rows = rows_of(shape_bias_table(metrics[2]), tmp_path, "shape_bias", "shape_bias_wilson")
    assert header == ["observer", "category", "shape", "texture", "shape_bias"]
    naive = reference.naive_shape_bias(trials["cue-conflict"], "humans")
    assert {tuple(row[:2]) for row in rows} == naive.keys() and len(rows) == len(naive)
    for observer, category, *values in rows:
        expected = naive[observer, category]
        assert [float(value) for value in values] == pytest.approx(expected, **exactly)


def test_benchmark_equals_that_of_loops(trials, metrics, tmp_path):
    header, *rows = rows_of(benchmark_table(metrics[3]), tmp_path, *MEASURES)
    assert header == [
        "observer", "datasets", "ood_accuracy", "accuracy_difference", "observed_consistency",
        "error_consistency", "mean_rank", "accuracy_rank",
    ]  # fmt: skip
    naive = reference.naive_benchmark(trials, "humans")
    assert [row[0] for row in rows] == list(naive)
    for observer, *values in rows:
        assert [float(v or "nan") for v in values] == pytest.approx(naive[observer], nan_ok=True, **exactly)


def test_conditions_equal_those_of_loops(trials, metrics, tmp_path):
    of_cells = ["accuracy", *MEASURES[1:]]
    header, *rows = rows_of(conditions_table(metrics[4]), tmp_path, *of_cells)
    assert header == ["observer", "dataset", "condition", *of_cells, "in_benchmark"]
    accuracies, pairs = reference.naive_accuracy(trials), reference.naive_consistency(trials)
    assert len(rows) == 78 + sum(not observer.startswith("subject-") for observer, *_ in accuracies)
    for observer, dataset, condition, *values, in_benchmark in rows:
        people = [name for name in trials[dataset] if name.startswith("subject-")]
        compared = combinations(people, 2) if observer == "humans" else [(observer, name) for name in people]
        found = [(a, b, *pairs[frozenset((a, b)), dataset, condition]) for a, b in compared]
        group = [accuracies[name, dataset, condition] for name in (people if observer == "humans" else [observer])]
        difference = [
            (accuracies[a, dataset, condition][0] - accuracies[b, dataset, condition][0]) ** 2 for a, b, *_ in found
        ]
        observed, _, kappa = zip(*(values for _, _, *values in found), strict=True)
        expected = [fmean(one[0] for one in group), fmean(difference), fmean(observed), fmean(kappa)]
        assert [float(value) for value in values] == pytest.approx(expected, **exactly)
        assert in_benchmark == str(group[0][2])


def test_intervals_contain_the_estimates(metrics):
    """This includes the centred intervals, whose resamples are biased."""
    for store, names in ((metrics[3], MEASURES), (metrics[4], ["accuracy", *MEASURES[1:]]), (metrics[2], BIASES)):
        for name in names:
            lower, upper = store[f"{name}_interval"].transpose("bound", ...).values
            estimate = store[name].values
            np.testing.assert_array_equal(np.isnan(lower), np.isnan(estimate))
            assert not ((lower > estimate + 1e-12) | (upper < estimate - 1e-12)).any(), name


def test_kappa_lies_in_its_possible_range(metrics):
    kappa, (lower, upper) = metrics[1]["kappa"].values, metrics[1]["kappa_range"].transpose("bound", ...).values
    np.testing.assert_array_equal(np.isnan(lower), np.isnan(kappa))
    assert not ((kappa < lower - 1e-12) | (kappa > upper + 1e-12)).any()


def test_intervals_of_accuracy_are_the_same_in_both_stores(metrics):
    both = metrics[0].isel(observer=~metrics[0]["is_reference"].values)
    xr.testing.assert_identical(
        both["accuracy_interval"], metrics[4]["accuracy_interval"].isel(observer=slice(1, None))
    )


def test_shape_bias_equals_printed_values(metrics):
    overall = metrics[2]["overall_shape_bias"]
    percent = {name: round(100 * float(overall.sel(observer=name)), 1) for name in SHAPE_BIAS}
    assert percent == SHAPE_BIAS


def test_numbers_of_images_include_those_without_a_conflict(metrics):
    n = metrics[2]["n"].sel(observer=["resnet50", "humans", "humans-mean"])
    assert (n == [[80], [800], [80]]).all()


def test_benchmark_equals_printed_values(metrics):
    rows = metrics[3].sel(observer=list(BENCHMARK))
    columns = ["accuracy_difference", "observed_consistency", "error_consistency", "ood_accuracy"]
    printed = {
        name: tuple(round(float(rows[column].sel(observer=name)), 3) for column in columns) for name in BENCHMARK
    }
    assert printed == BENCHMARK


def test_human_error_consistency_equals_the_benchmarks_values(trials, metrics):
    cells = list_cells(reference.CONDITIONS, reference.EXCLUDED)
    for dataset, by_observer in trials.items():
        humans = {name: answers for name, answers in by_observer.items() if name.startswith("subject-")}
        decisions = [reference.decisions_of(dataset, humans)]
        own = [cell for cell in cells if cell.dataset == dataset]
        row = benchmark(compare(decisions, own, "humans"))
        assert round(float(row["error_consistency"][0]), 5) == HUMAN_KAPPA[dataset], dataset
    assert round(float(metrics[3]["error_consistency"].sel(observer="humans")), 5) == 0.43122
