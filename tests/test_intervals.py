"""Intervals and tests, compared with slow loops, other libraries and observers whose true values are known."""

from itertools import combinations, product
from statistics import fmean

import numpy as np
import pytest
from scipy.stats import binomtest

import reference_metrics as reference
from generative_classifiers.metrics.accuracy import accuracy, accuracy_intervals
from generative_classifiers.metrics.benchmark import benchmark
from generative_classifiers.metrics.cells import Cell, list_cells
from generative_classifiers.metrics.comparisons import comparisons, exact_mcnemar, holm
from generative_classifiers.metrics.conditions import compare, conditions
from generative_classifiers.metrics.consistency import agreement, consistency, consistency_intervals, kappa_range
from generative_classifiers.metrics.proportions import wilson
from generative_classifiers.metrics.resampling import RESAMPLES, image_counts, interval, resample, virtual_answers
from generative_classifiers.metrics.shape_bias import shape_bias
from generative_classifiers.metrics.tables import comparisons_table
from simulated_pairs import Pair, coverage

pytestmark = pytest.mark.filterwarnings("error")

CELL = Cell("sketch", "all", True)
PEOPLE, NETS = ["subject-01", "subject-02", "subject-03"], ["net", "other-net"]
CONDITIONS = {"colour": ["cr", "bw"], "rotation": ["0", "90", "180"]}
EXCLUDED = {"rotation": ["0"]}


@pytest.fixture
def answers():
    """Four observers. The third saw nothing; the others tend to err together."""
    generator = np.random.default_rng(5)
    found = (generator.random((4, 25)) + generator.random(25) < [[1.2], [1.0], [0.0], [1.5]]).astype(float)
    found[2] = np.nan
    return found


@pytest.fixture(scope="module")
def decisions():
    """Decisions of three people and two networks on two datasets. One network saw only one of them."""
    generator, found = np.random.default_rng(6), []
    for dataset, names in CONDITIONS.items():
        easy = {f"{name}-{i}": generator.random() for name in names for i in range(12)}
        observers = PEOPLE + NETS[: 2 if dataset == "colour" else 1]
        trials = {
            observer: {
                image: ("bear" if generator.random() + ease > 0.8 else "cat", "bear", image.split("-")[0])
                for image, ease in easy.items()
            }
            for observer in observers
        }
        found.append(reference.decisions_of(dataset, trials))
    return found


def images_of(sample):
    """Every resample as a list of images, each of which is a tuple of the observers' answers."""
    for counts in sample.counts.astype(int):
        yield [
            tuple(column)
            for column, count in zip(sample.answers.T.astype(int).tolist(), counts, strict=True)
            for _ in range(count)
        ]


def slow_kappa(images, a, b):
    """Observed consistency and kappa of two observers."""
    observed = sum(image[a] == image[b] for image in images) / len(images)
    p, q = (sum(image[k] for image in images) / len(images) for k in (a, b))
    expected = p * q + (1 - p) * (1 - q)
    return observed, (observed - expected) / (1 - expected) if expected != 1 else np.nan


def slow_interval(values, centred=False, lowest=0.0):
    """Of a list whose first item is the estimate."""
    estimate, *resamples = values
    resamples = [value for value in resamples if not np.isnan(value)]
    bias = fmean(resamples) - estimate if centred else 0.0
    return [min(max(bound - bias, lowest), 1.0) for bound in np.quantile(resamples, [0.025, 0.975])]


def test_resamples_have_as_many_images_and_two_images_of_virtual_weight(answers):
    sample = resample(answers, "sketch", "all")
    assert sample.seen.tolist() == [True, True, False, True] and sample.images == 25
    assert sample.answers.shape == (3, 25 + 4) and sample.counts.shape == (1 + RESAMPLES, 25 + 4)
    assert (sample.counts.sum(axis=1) == 25).all()
    assert (sample.counts[0] == [1] * 25 + [0] * 4).all()
    # Two of 27 images' weight is virtual.
    assert sample.counts[1:, 25:].sum(axis=1).mean() == pytest.approx(25 * 2 / 27, abs=0.2)
    np.testing.assert_allclose(sample.counts[1:, :25].mean(axis=0), 25 / 27, atol=0.15)


def test_resamples_depend_on_the_names_of_the_cell_only():
    first, again, other = (image_counts(40, 4, "sketch", condition) for condition in ("all", "all", "none"))
    assert (first == again).all() and (first != other).any()


@pytest.mark.parametrize("observers", [1, 2, 7, 35])
def test_virtual_answers_have_every_outcome_of_a_pair_equally_often(observers):
    virtual = virtual_answers(observers)
    assert (virtual.mean(axis=1) == 0.5).all()
    for one, two in combinations(virtual, 2):
        assert [np.mean((one == a) & (two == b)) for a, b in product((0, 1), repeat=2)] == [0.25] * 4


def test_intervals_of_a_cell_equal_those_of_loops(answers):
    accuracies, pairs = accuracy_intervals(answers, CELL), consistency_intervals(answers, CELL)
    resamples = list(images_of(resample(answers, "sketch", "all")))
    # Positions among all observers, and among those that saw the cell.
    for (i, a), (j, b) in combinations([(0, 0), (1, 1), (3, 2)], 2):
        observed, kappa = zip(*(slow_kappa(images, a, b) for images in resamples), strict=True)
        for matrix, values in ((pairs.observed_interval, observed), (pairs.kappa_interval, kappa)):
            assert matrix[i, j] == pytest.approx(slow_interval(values, lowest=-1.0), abs=1e-12)
            assert (matrix[i, j] == matrix[j, i]).all()
    right = [fmean(image[2] for image in images) for images in resamples]
    assert accuracies.accuracy_interval[3] == pytest.approx(slow_interval(right), abs=1e-12)
    for matrix in (*accuracies, *pairs):
        assert np.isnan(matrix[2]).all()


def test_intervals_of_averages_equal_those_of_loops(decisions):
    cells = list_cells(CONDITIONS, EXCLUDED)
    comparison = compare(decisions, cells, "humans")
    rows = benchmark(comparison)
    kept = {
        dataset: [cell for cell in cells if cell.dataset == dataset and cell.in_benchmark] for dataset in CONDITIONS
    }
    by_dataset = {one.attrs["dataset"]: one for one in decisions}
    averages = {"humans": list(combinations(range(3), 2)), "net": [(3, k) for k in range(3)]}
    resamples = {}
    for cell in (cell for some in kept.values() for cell in some):
        one = by_dataset[cell.dataset]
        right = (one["response"] == reference.CATEGORIES.index("bear")).values[:, one["condition"] == cell.condition]
        resamples[cell] = list(images_of(resample(right.astype(float), cell.dataset, cell.condition)))

    def measure(images, a, b):
        observed, kappa = slow_kappa(images, a, b)
        p, q = (fmean(image[k] for image in images) for k in (a, b))
        return (p - q) ** 2, observed, 1.0 if observed == 1 else kappa

    def average(pairs, k):
        of_datasets = []
        for some in kept.values():
            of_cells = [[measure(resamples[cell][k], a, b) for cell in some] for a, b in pairs]
            of_pairs = [[fmean(column) for column in zip(*values, strict=True)] for values in of_cells]
            of_datasets.append([fmean(column) for column in zip(*of_pairs, strict=True)])
        return [fmean(column) for column in zip(*of_datasets, strict=True)]

    names = ("accuracy_difference", "observed_consistency", "error_consistency")
    for observer, pairs in averages.items():
        columns = zip(*(average(pairs, k) for k in range(1 + RESAMPLES)), strict=True)
        for name, values in zip(names, columns, strict=True):
            row = rows.sel(observer=observer)
            assert float(row[name]) == pytest.approx(values[0], abs=1e-12)
            expected = slow_interval(values, centred=True, lowest=-1.0 if name == "error_consistency" else 0.0)
            assert row[f"{name}_interval"].values == pytest.approx(expected, abs=1e-12)


def test_intervals_do_not_depend_on_the_order_of_datasets(decisions):
    cells = list_cells(CONDITIONS, EXCLUDED)
    first, again = (consistency(some, cells) for some in (decisions, decisions[::-1]))
    np.testing.assert_array_equal(first["kappa_interval"], again.sel(observer=first["observer"])["kappa_interval"])
    assert benchmark(compare(decisions, cells, "humans")).identical(benchmark(compare(decisions, cells, "humans")))
    both = conditions(compare(decisions, cells, "humans")).sel(observer=NETS)["accuracy_interval"]
    np.testing.assert_array_equal(both, accuracy(decisions, cells).sel(observer=NETS)["accuracy_interval"])


def test_undefined_kappa_has_no_interval():
    faultless = np.ones((2, 30))
    found = consistency_intervals(faultless, CELL)
    assert np.isnan(found.kappa_interval).all() and np.isnan(found.kappa_range).all()
    assert (found.observed_interval[..., 1] == 1).all() and (found.observed_interval[0, 1, 0] < 1).all()


def test_undefined_resamples_are_ignored():
    values = np.array([[0.5, 0.5, np.nan], [0.2, np.nan, 0.4], [np.nan, np.nan, 0.4], [0.4, np.nan, 0.4]])
    np.testing.assert_allclose(interval(values), [[0.205, 0.395], [np.nan, np.nan], [np.nan, np.nan]])
    # Moved by 0.2: the mean of the resamples that count is 0.3, the estimate 0.5.
    np.testing.assert_allclose(interval(values, centred=True)[0], [0.405, 0.595])


def test_no_interval_leaves_the_measures_range():
    values = np.array([0.01, 0.5, 0.6, 0.7])
    assert interval(values, centred=True).tolist()[0] == 0.0
    assert interval(np.array([0.99, 0.1, 0.2, 0.3]), centred=True).tolist()[1] == 1.0
    assert interval(values, lowest=-1.0, centred=True)[0] < 0


def test_largest_kappa_of_accuracies_of_eight_and_six_tenths_is_six_elevenths():
    found = kappa_range(np.array([0.8, 0.6]))
    assert found[0, 1, 1] == pytest.approx(6 / 11) and (found[0, 1] == found[1, 0]).all()
    assert found[[0, 1], [0, 1], 1].tolist() == [1, 1]


def test_range_of_kappa_is_that_of_all_possible_answers():
    images = 6
    for right in product(range(images + 1), repeat=2):
        kappas = []
        for both in range(max(0, sum(right) - images), min(right) + 1):
            alone = [right[0] - both, right[1] - both]
            first = [1] * right[0] + [0] * (images - right[0])
            second = [1] * both + [0] * alone[0] + [1] * alone[1] + [0] * (images - both - sum(alone))
            kappas.append(agreement(np.array([first, second], float)).kappa[0, 1])
        found = kappa_range(np.array(right) / images)[0, 1]
        np.testing.assert_allclose(found, [min(kappas), max(kappas)], atol=1e-12)


def test_intervals_contain_the_true_value_about_as_often_as_they_should():
    """A quick check. tests/benchmarks/bootstrap_coverage.py is a thorough one."""
    pairs = [Pair(0.6, 0.6, 0.0), Pair(0.8, 0.6, 0.3), Pair(0.8, 0.7, 0.1), Pair(0.9, 0.9, 0.05), Pair(0.9, 0.8, 0.5)]
    for measure, shares in coverage(pairs * 4, images=160, replicates=150).items():
        assert 0.93 < shares.mean() < 0.98, measure
        assert shares.min() > 0.87, measure


def test_simulated_pairs_have_their_accuracies_and_kappa():
    pair = Pair(0.8, 0.6, 0.3)
    assert pair.outcomes.sum() == pytest.approx(1) and (pair.outcomes >= 0).all()
    assert pair.outcomes[:2].sum() == pytest.approx(0.8) and pair.outcomes[[0, 2]].sum() == pytest.approx(0.6)
    assert (pair.truth["observed consistency"] - 0.56) / 0.44 == pytest.approx(0.3)


def test_intervals_of_the_shape_bias_contain_it_and_agree_with_wilsons():
    answers = {"subject-01": "sst-", "subject-02": "stt-", "net": "ttts", "silent": "----"}
    images = ["bear1-car1.png", "bear2-cat1.png", "bear3-dog2.png", "bear4-oven1.png"] * 5
    images = [f"{i}{name}" for i, name in enumerate(images)]
    said = {
        name: {
            image: ({"s": "bear", "t": reference.texture(image), "-": "na"}[letter], "bear", "all")
            for image, letter in zip(images, letters * 5, strict=True)
        }
        for name, letters in answers.items()
    }
    result = shape_bias(reference.decisions_of("cue-conflict", said), "humans")
    for name in ("shape_bias", "overall_shape_bias"):
        estimate, (lower, upper) = result[name].values, result[f"{name}_interval"].transpose("bound", ...).values
        np.testing.assert_array_equal(np.isnan(lower), np.isnan(estimate))
        assert not ((lower > estimate) | (upper < estimate)).any()
    net = result.sel(observer="net")
    expected = binomtest(5, 20).proportion_ci(method="wilson")
    np.testing.assert_allclose(net["overall_shape_bias_wilson"], expected)
    np.testing.assert_allclose(net["overall_shape_bias_interval"], expected, atol=0.08)
    assert np.isnan(result["overall_shape_bias_wilson"].sel(observer=["silent", "humans-mean"])).all()
    # All categories but one have no image.
    assert np.isnan(result["shape_bias_interval"].sel(category="cat")).all()


def test_wilson_equals_scipys_interval():
    found = wilson(np.array([[0, 3], [7, 0]]), np.array([[4, 3], [50, 0]]))
    for count, n, bounds in ((0, 4, found[0, 0]), (3, 3, found[0, 1]), (7, 50, found[1, 0])):
        np.testing.assert_allclose(bounds, binomtest(count, n).proportion_ci(0.95, method="wilson"), atol=1e-12)
    assert np.isnan(found[1, 1]).all()
    assert wilson([14], [14]).max() == 1


def test_exact_mcnemar_equals_scipys_binomial_test():
    first, second = map(np.array, zip(*product(range(7), repeat=2), strict=True))
    expected = [binomtest(int(a), int(a + b)).pvalue if a + b else 1.0 for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(exact_mcnemar(first, second), expected, atol=1e-12)


def test_holm_equals_its_definition():
    p_values = np.array([0.01, 0.04, 0.03, 0.5, 0.005])
    order, adjusted, highest = np.argsort(p_values), np.empty(5), 0.0
    for rank, position in enumerate(order):
        highest = max(highest, min(1.0, (5 - rank) * p_values[position]))
        adjusted[position] = highest
    np.testing.assert_allclose(holm(p_values), adjusted)
    assert len(holm(np.array([]))) == 0


def test_comparisons_count_images_and_adjust_p_values_by_dataset(decisions):
    cells = list_cells(CONDITIONS, EXCLUDED)
    found = comparisons(decisions, cells)
    assert found["dataset"].values.tolist() == list(CONDITIONS) and found["only_observer"].shape == (5, 5, 2)
    one = decisions[1]
    kept = (one["condition"] != "0").values
    right = (one["response"] == reference.CATEGORIES.index("bear")).values[:, kept]
    alone = [int((right[0] & ~right[3]).sum()), int((right[3] & ~right[0]).sum())]
    pair = found.sel(observer="subject-01", other="net", dataset="rotation")
    assert [float(pair["only_observer"]), float(pair["only_other"])] == alone
    assert float(pair["p_value"]) == pytest.approx(binomtest(alone[0], sum(alone)).pvalue)
    for dataset, pairs in (("colour", 10), ("rotation", 6)):
        table = comparisons_table(found)
        table = table[table["dataset"] == dataset]
        assert len(table) == pairs and (table["p_holm"] >= table["p_value"]).all()
        assert table["p_holm"].min() == pytest.approx(min(1.0, pairs * table["p_value"].min()))
    assert np.isnan(found.sel(other="other-net", dataset="rotation").to_array()).all()
    assert np.isnan(found["p_value"].sel(observer="net", other="net")).all()
