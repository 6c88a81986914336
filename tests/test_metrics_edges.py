"""Metrics of small made-up decisions: undefined, tied, missing and wrong values."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
import xarray as xr

import reference_metrics as reference
from conftest import ROOT
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.stores import read, write
from generative_classifiers.metrics.accuracy import accuracy
from generative_classifiers.metrics.benchmark import benchmark
from generative_classifiers.metrics.cells import list_cells
from generative_classifiers.metrics.comparisons import comparisons
from generative_classifiers.metrics.conditions import compare, conditions
from generative_classifiers.metrics.consistency import agreement, benchmark_kappa, consistency
from generative_classifiers.metrics.shape_bias import count_cues, shape_bias
from generative_classifiers.metrics.tables import accuracy_table, benchmark_table, consistency_table, shape_bias_table

pytestmark = pytest.mark.filterwarnings("error")


def trials(answers, condition="all", category="bear"):
    """Trials of one category. Per observer, a letter for each image: r right, w wrong, - no answer."""
    said = {"r": category, "w": "truck", "-": "na"}
    return {
        observer: {f"{condition}{i}.png": (said[letter], category, condition) for i, letter in enumerate(letters)}
        for observer, letters in answers.items()
    }


def joined(dataset, *parts):
    """Decisions on the trials of several conditions."""
    merged = {observer: {k: v for part in parts for k, v in part[observer].items()} for observer in parts[0]}
    return reference.decisions_of(dataset, merged)


def run(decisions, conditions, excluded=None):
    cells = list_cells(conditions, excluded or {})
    return accuracy(decisions, cells), consistency(decisions, cells), benchmark(compare(decisions, cells, "humans"))


def test_missing_answer_counts_as_wrong():
    result, _, _ = run([joined("sketch", trials({"a": "rr-w"}))], {"sketch": ["all"]})
    assert (result["accuracy"].item(), result["correct"].item(), result["n"].item()) == (0.5, 2, 4)


@pytest.mark.parametrize("letters", ["rrr", "www", "---"])
def test_kappa_is_undefined_where_two_observers_always_agree_in_being_right(letters):
    decisions = [joined("sketch", trials({"a": letters, "b": letters}))]
    _, result, _ = run(decisions, {"sketch": ["all"]})
    assert np.isnan(result["kappa"]).all() and (result["expected"] == 1).all()
    assert (benchmark_kappa(result) == 1).all()
    assert consistency_table(result)[["observed", "expected", "kappa"]].values.tolist() == [[1, 1, 1]]


def test_kappa_equals_a_value_computed_by_hand():
    observed, expected, kappa = agreement(np.array([[1.0, 1, 1, 0], [1, 1, 0, 0]]))
    assert (observed[0, 1], expected[0, 1], kappa[0, 1]) == (0.75, 0.5, 0.5)
    assert (kappa == kappa.T).all() and (np.diag(kappa) == 1).all()


def test_opposite_observers_have_a_kappa_of_minus_one():
    _, _, kappa = agreement(np.array([[1.0, 0, 1, 0], [0, 1, 0, 1]]))
    assert kappa[0, 1] == -1


def test_observers_that_lack_a_dataset_have_nan_and_no_rank():
    decisions = [
        joined("sketch", trials({"subject-01": "rrw", "subject-02": "rww", "net": "rrr"})),
        joined("edge", trials({"subject-01": "rr", "late": "rw"})),
        joined("stylized", trials({"subject-01": "rr", "subject-02": "rr", "net": "rw"})),
    ]
    of_cells, pairs, rows = run(decisions, {name: ["all"] for name in ("sketch", "edge", "stylized")})
    assert list(of_cells["observer"]) == ["subject-01", "subject-02", "net", "late"]
    assert of_cells["n"].values.tolist() == [[3, 2, 2], [3, 0, 2], [3, 0, 2], [0, 2, 0]]
    np.testing.assert_array_equal(np.isnan(of_cells["accuracy"]), of_cells["n"] == 0)
    assert len(accuracy_table(of_cells)) == 8 and len(consistency_table(pairs)) == 7
    assert np.isnan(pairs["observed"].sel(observer="net", other="late")).all()
    # One dataset of several is no average.
    assert list(rows["observer"]) == ["humans", "net"]
    assert rows["datasets"].values.tolist() == [3, 2]
    assert np.isnan(rows[["mean_rank", "accuracy_rank"]].to_array()).all()
    # One subject makes no pair: the humans' consistency is that of the other dataset alone.
    assert rows["observed_consistency"].values[0] == pytest.approx((2 / 3 + 1) / 2)
    assert rows["ood_accuracy"].values[0] == pytest.approx((3 / 6 + 2 / 2 + 4 / 4) / 3)


def test_averages_leave_out_excluded_conditions():
    answers = {"subject-01": ("rrrr", "rr--"), "subject-02": ("rrrr", "r---"), "net": ("wwww", "rrww")}
    parts = [trials({n: a[i] for n, a in answers.items()}, c) for i, c in enumerate(["cr", "bw"])]
    of_cells, _, rows = run([joined("colour", *parts)], {"colour": ["cr", "bw"]}, {"colour": ["cr"]})
    assert of_cells["in_benchmark"].values.tolist() == [False, True]
    assert rows["ood_accuracy"].values.tolist() == [3 / 8, 0.5]
    assert rows["accuracy_difference"].values.tolist() == [1 / 16, (0 + 1 / 16) / 2]
    assert rows["accuracy_rank"].values.tolist()[1:] == [1]


def test_ties_share_the_mean_rank():
    people = {"subject-01": "rrww", "subject-02": "rrww"}
    nets = {"best": "rrww", "twin": "rwrw", "sibling": "rwrw", "worst": "wwrr"}
    _, _, rows = run([joined("sketch", trials(people | nets))], {"sketch": ["all"]})
    assert np.isnan(rows["mean_rank"].values[0])
    # All accuracies are equal, so all models share rank 2.5 in accuracy difference and in accuracy.
    consistency_ranks = np.array([1, 2.5, 2.5, 4])
    np.testing.assert_array_equal(rows["accuracy_rank"].values[1:], [2.5] * 4)
    np.testing.assert_array_equal(rows["mean_rank"].values[1:], (2.5 + 2 * consistency_ranks) / 3)


@pytest.mark.parametrize("people", [{}, {"subject-01": "rw"}])
def test_fewer_than_two_subjects_have_no_consistency(people):
    _, _, rows = run([joined("sketch", trials(people | {"net": "rr"}))], {"sketch": ["all"]})
    humans = rows.sel(observer="humans")
    assert np.isnan(humans[["accuracy_difference", "observed_consistency", "error_consistency"]].to_array()).all()
    assert humans["datasets"] == len(people) and rows["ood_accuracy"].values[1] == 1
    assert rows["accuracy_rank"].values[1] == 1


def test_dataset_without_images_has_only_nan():
    empty = joined("sketch", trials({"subject-01": "", "subject-02": "", "net": ""}))
    of_cells, pairs, rows = run([empty], {"sketch": ["all"]})
    assert np.isnan(of_cells["accuracy"]).all() and (of_cells["n"] == 0).all()
    assert np.isnan(pairs[["observed", "expected", "kappa"]].to_array()).all()
    assert accuracy_table(of_cells).empty and consistency_table(pairs).empty
    assert len(benchmark_table(rows)) == 2 and np.isnan(rows["ood_accuracy"]).all()
    for found in (of_cells["accuracy_interval"], of_cells["accuracy_wilson"], pairs["kappa_interval"]):
        assert np.isnan(found).all()
    cells = list_cells({"sketch": ["all"]}, {})
    assert np.isnan(comparisons([empty], cells).to_array()).all()
    assert np.isnan(conditions(compare([empty], cells, "humans")).to_array()).all()


def test_datasets_whose_conditions_are_all_excluded_do_not_count():
    decisions = [joined("sketch", trials({"subject-01": "rw", "subject-02": "rw", "net": "rr"}))]
    _, _, rows = run(decisions, {"sketch": ["all"]}, {"sketch": ["all"]})
    assert (rows["datasets"] == 0).all() and np.isnan(rows["ood_accuracy"]).all()


def test_error_names_an_excluded_condition_that_does_not_exist():
    with pytest.raises(InputError, match=r"colour: excluded condition 'grey' .*\['cr', 'bw'\]"):
        list_cells({"colour": ["cr", "bw"]}, {"colour": ["grey"]})
    with pytest.raises(InputError, match="colour: no image has the excluded condition 'cr'"):
        run([joined("colour", trials({"a": "r"}, "bw"))], {"colour": ["cr", "bw"]}, {"colour": ["cr"]})


def test_error_names_the_image_with_an_unknown_condition():
    with pytest.raises(InputError, match=r"colour, image bw0.png: condition 'bw' is unknown, expected one of \['cr'\]"):
        run([joined("colour", trials({"a": "r"}, "bw"))], {"colour": ["cr"]})


def test_error_names_the_image_with_an_unknown_category():
    decisions = joined("sketch", trials({"a": "r"}, category="unicorn"))
    with pytest.raises(InputError, match=r"sketch, image all0.png: category 'unicorn' is unknown, expected one of"):
        run([decisions], {"sketch": ["all"]})


def test_error_names_missing_and_repeated_datasets():
    decisions = joined("sketch", trials({"a": "r"}))
    with pytest.raises(InputError, match=r"decisions of \['sketch'\]: expected each of \['edge'\] once"):
        run([decisions], {"edge": ["all"]})
    with pytest.raises(InputError, match="once"):
        run([decisions, decisions], {"sketch": ["all"]})


def test_error_names_an_observer_that_differs_between_datasets():
    first, second = (joined(dataset, trials({"a": "r"})) for dataset in ("sketch", "edge"))
    second = second.assign_coords(is_reference=("observer", [True]))
    with pytest.raises(InputError, match="observer a: expected the same"):
        run([first, second], {"sketch": ["all"], "edge": ["all"]})


def cue_conflicts(answers):
    images = {"bear1-car1.png": "bear", "bear2-bear1.png": "bear", "car1-bear2.png": "car"}
    return {
        observer: {image: (said, images[image], "all") for image, said in zip(images, letters, strict=True)}
        for observer, letters in answers.items()
    }


def test_shape_bias_equals_values_computed_by_hand():
    answers = {
        "subject-01": ["bear", "bear", "na"],
        "subject-02": ["car", "bear", "car"],
        "silent": ["na", "bear", "truck"],
    }
    result = shape_bias(reference.decisions_of("cue-conflict", cue_conflicts(answers)), "humans")
    assert list(result["observer"]) == ["subject-01", "subject-02", "silent", "humans", "humans-mean"]
    assert result["is_reference"].values.tolist() == [True, True, False, True, True]
    bear, car = (result["shape_bias"].sel(category=name).values for name in ("bear", "car"))
    np.testing.assert_array_equal(bear, [1, 0, np.nan, 1 / 2, 1 / 2])
    np.testing.assert_array_equal(car, [np.nan, 1, np.nan, 1, 1])
    np.testing.assert_array_equal(result["overall_shape_bias"], [1, 1 / 2, np.nan, 2 / 3, 3 / 4])
    assert result["n"].sel(category="bear").values.tolist() == [2, 2, 2, 4, 2]
    total = shape_bias_table(result).query("category == 'all'").set_index("observer")
    assert total.loc["humans", ["shape", "texture"]].tolist() == [2, 1]
    assert total.loc["humans-mean", ["shape", "texture"]].tolist() == [1, 0.5]


def test_shape_bias_of_a_group_without_subjects_is_nan():
    result = shape_bias(
        reference.decisions_of("cue-conflict", cue_conflicts({"net": ["bear", "car", "bear"]})), "humans"
    )
    np.testing.assert_array_equal(result["overall_shape_bias"], [0.5, np.nan, np.nan])


def test_error_names_a_dataset_without_texture_categories():
    with pytest.raises(InputError, match="sketch: no texture_category"):
        shape_bias(joined("sketch", trials({"a": "r"})), "humans")


def test_images_whose_cues_agree_do_not_count():
    shape, texture, n = count_cues(np.array([[0, 1, 0]]), np.array([0, 0, 0]), np.array([0, 1, 1]), 2)
    assert (shape.tolist(), texture.tolist(), n.tolist()) == ([[1, 0]], [[1, 0]], [[3, 0]])


def test_metrics_are_equal_after_writing_and_reading(tmp_path):
    answers = {"subject-01": ["bear", "bear", "na"], "subject-02": ["bear", "na", "car"], "net": ["bear"] * 3}
    decisions = reference.decisions_of("cue-conflict", cue_conflicts(answers))
    cells = list_cells({"cue-conflict": ["all"]}, {})
    results = *run([decisions], {"cue-conflict": ["all"]}), shape_bias(decisions, "humans")
    results += conditions(compare([decisions], cells, "humans")), comparisons([decisions], cells)
    for result in (decisions, *results):
        write(result, tmp_path / "metrics.zarr", study="made-up")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            xr.testing.assert_equal(read(tmp_path / "metrics.zarr"), result)


def test_metrics_import_neither_torch_nor_the_studys_configuration():
    modules = (ROOT / "scripts/generative_classifiers/metrics").glob("[a-z]*.py")
    imports = ", ".join(f"generative_classifiers.metrics.{path.stem}" for path in modules)
    forbidden = {"torch", "pydantic", "generative_classifiers.study.load"}
    code = f"import sys; sys.path[:] = {sys.path}; import {imports}; assert not {forbidden} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)
