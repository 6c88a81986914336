"""Noise levels, their weighting, and scores."""

import numpy as np
import pytest

from generative_classifiers.draws.levels import Draws, single, times
from generative_classifiers.draws.weighting import level_weighting, scores
from generative_classifiers.io.errors import InputError


def test_golden_times_are_the_fractional_parts():
    assert times(3, seed=7).tolist() == pytest.approx([0.5, 0.1180339887, 0.7360679775])


@pytest.mark.parametrize("count", [5, 16, 64, 500])
def test_golden_times_are_spread_evenly(count):
    gaps = np.diff(np.sort([0, *times(count, 0), 1]))
    assert gaps.max() < 2.7 / count


@pytest.mark.parametrize("rule", ["golden", "uniform"])
def test_more_draws_keep_the_first_levels(rule):
    np.testing.assert_array_equal(times(4, 1, rule), times(9, 1, rule)[:4])
    assert ((times(100, 1, rule) >= 0) & (times(100, 1, rule) < 1)).all()


def test_uniform_times_depend_on_the_seed():
    assert (times(4, 1, "uniform") != times(4, 2, "uniform")).all()
    assert abs(times(2000, 0, "uniform").mean() - 0.5) < 0.02


def test_unknown_rule_of_times_is_an_error():
    with pytest.raises(InputError, match=r"times: 'sobol' is unknown, expected one of golden, uniform"):
        times(4, 0, "sobol")


def test_weightings_are_as_defined():
    time, alpha, sigma = [0.0, 0.5, np.nan], [0.8, 0.6, np.nan], [0.6, 0.8, np.nan]
    assert level_weighting(time, alpha, sigma).tolist() == pytest.approx([1, np.exp(-3.5), 1])
    assert level_weighting(time, alpha, sigma, rate=3).tolist() == pytest.approx([1, np.exp(-1.5), 1])
    assert level_weighting(time, alpha, sigma, "simple").tolist() == pytest.approx([16 / 9, 9 / 16, 1])
    assert level_weighting(time, alpha, sigma, "uniform").tolist() == [1, 1, 1]


def test_simple_weighting_turns_x0_errors_into_epsilon_errors():
    alpha, sigma = 0.6, 0.8
    x, noise, predicted = np.random.default_rng(0).standard_normal((3, 50))
    denoised = (alpha * x + sigma * noise - sigma * predicted) / alpha
    epsilon_error = ((noise - predicted) ** 2).mean()
    weight = level_weighting(0.3, alpha, sigma, "simple")
    assert weight * ((x - denoised) ** 2).mean() == pytest.approx(epsilon_error)


def test_unknown_weighting_is_an_error():
    with pytest.raises(InputError, match="weighting: 'learned' is unknown"):
        level_weighting([0.1], [1], [0], "learned")


def test_scores_are_means_over_the_evaluated_draws():
    loss = np.array([[[1, 2, 3], [4, np.nan, np.nan], [np.nan] * 3]], np.float32)
    found = scores(loss, np.array([1, 0.5, 2]))
    np.testing.assert_allclose(found, [[(1 + 1 + 6) / 3, 4, np.nan]])


def test_slicing_draws_gives_draws():
    draws = Draws(*(np.arange(5) + start for start in range(5)))
    assert len(draws[2:]) == 3
    assert draws[2:].sigma.tolist() == [5, 6, 7]
    assert np.isnan(single(3).time).all()
    assert single(3).seed.tolist() == [3]
