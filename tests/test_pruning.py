"""Pruning: the tests against their definitions, their errors, and the evidence that is left."""

import itertools

import numpy as np
import pytest
from scipy import stats

from generative_classifiers.draws.levels import Draws, times
from generative_classifiers.draws.weighting import pruning_correction, scores
from generative_classifiers.evidence.pruning import PairedTest, SequentialTest, most_draws, pruning_of
from generative_classifiers.evidence.scoring import score_images
from generative_classifiers.io.errors import InputError
from generative_classifiers.study import settings
from simulated_losses import Recorded, winners

PAIRED = PairedTest(20, 2e-3, "uniform")
SEQUENTIAL = SequentialTest(4, 0.05, "uniform")


def draws(count):
    time = times(count, 0)
    return Draws(np.arange(count), time, 1 - time, time, np.zeros(count, int))


def losses(images, categories, count, advantage, seed=0):
    """Losses that vary much from draw to draw, for all categories alike; the first category is better on average."""
    rng = np.random.default_rng(seed)
    shared = rng.gamma(2, 1, (images, 1, count))
    own = rng.normal(size=(images, categories, count))
    own[:, 0] -= advantage
    return (10 * shared + own).astype(np.float32)


def prune(loss, rule, **stored):
    model = Recorded(loss)
    found = score_images(model, np.empty(len(loss)), range(len(loss)), draws(loss.shape[2]), pruning=rule, **stored)
    return found["loss"], model.asked


def test_looks_are_every_draw_or_two_per_doubling():
    assert PAIRED.looks(24) == [20, 21, 22, 23, 24]
    assert PAIRED.looks(20) == [20]
    assert SEQUENTIAL.looks(64) == [4, 6, 8, 12, 16, 24, 32, 48, 64]
    assert SEQUENTIAL.looks(40) == [4, 6, 8, 12, 16, 24, 32, 40]
    assert SEQUENTIAL.looks(4) == [4]


def test_paired_test_is_students_paired_t_test():
    loss = losses(6, 5, 30, 0.6)
    alive = np.ones((6, 5), bool)
    found = PAIRED.survivors(loss, alive, draws(30), 100)
    for image in range(6):
        best = loss[image].mean(axis=1).argmin()
        for category in range(5):
            p = 1.0 if category == best else stats.ttest_rel(loss[image, category], loss[image, best]).pvalue
            assert found[image, category] == (p >= 2e-3)


def test_sequential_test_has_the_variance_of_neighbouring_levels():
    loss, some = losses(6, 5, 12, 0.6), draws(12)
    alive = np.ones((6, 5), bool)
    rule = SequentialTest(4, 0.5, "uniform")
    found = rule.survivors(loss, alive, some, 32)
    order = sorted(range(12), key=lambda draw: some.sigma[draw])
    for image in range(6):
        best = loss[image].mean(axis=1).argmin()
        for category in range(5):
            difference = [float(loss[image, category, draw]) - float(loss[image, best, draw]) for draw in order]
            steps = [(b - a) ** 2 for a, b in itertools.pairwise(difference)]
            error = np.sqrt(sum(steps) / 2 / 11 * (1 / 12 - 1 / 32))
            p = 1.0 if category == best else stats.t.sf(np.mean(difference) / error, 2 * 11**2 / (3 * 12 - 4))
            assert found[image, category] == (p >= 0.5 * (12 - 8) / 32)


def test_trend_over_noise_levels_is_no_uncertainty():
    some = draws(16)
    noise = np.random.default_rng(0).normal(0, 0.01, (1, 2, 16))
    loss = np.stack([np.zeros(16), 0.2 + np.sin(2 * np.pi * some.time)])[None] + noise
    both = np.ones((1, 2), bool)
    assert SequentialTest(4, 0.05, "uniform").survivors(loss, both, some, 64).tolist() == [[True, False]]
    assert PairedTest(4, 0.05, "uniform").survivors(loss, both, some, 64).all()


def test_clear_winner_needs_few_evaluations():
    loss, asked = prune(losses(50, 16, 64, 4.0), SEQUENTIAL)
    decision = winners(loss, np.ones(64))
    assert (decision == 0).all()
    assert asked.sum() < 0.2 * asked.size
    assert (asked <= 1).all() and np.array_equal(asked == 1, ~np.isnan(loss))


@pytest.mark.parametrize("weighting", ["uniform", "exponential"])
def test_decisions_with_pruning_are_those_of_all_draws(weighting):
    rule = SequentialTest(4, 0.05, weighting)
    weight = np.exp(-7 * draws(64).time) if weighting == "exponential" else np.ones(64)
    all_draws = losses(400, 16, 64, 1.0, seed=1) / weight
    loss, asked = prune(all_draws, rule)
    same = winners(loss, weight) == winners(all_draws, weight)
    assert same.mean() >= 0.99
    assert asked.mean() < 0.6


def test_only_the_sequential_test_keeps_its_level_over_all_looks():
    # Two categories, equally good on average: how often is the one dropped that all draws would have chosen?
    all_draws = losses(2000, 2, 64, 0.0, seed=2)
    winner = all_draws.mean(axis=2).argmin(axis=1)

    def wrong(rule):
        loss, _ = prune(all_draws, rule)
        return np.mean(winners(loss, np.ones(64)) != winner)

    assert wrong(SEQUENTIAL) < 0.05
    assert wrong(PairedTest(4, 0.05, "uniform")) > wrong(SEQUENTIAL)


def test_decided_images_get_no_more_draws():
    loss, asked = prune(losses(20, 3, 64, 8.0), SEQUENTIAL)
    spent = (~np.isnan(loss)).sum(axis=2)
    # The winner has as many draws as the category that was dropped last.
    assert (np.sort(spent, axis=1)[:, -1] == np.sort(spent, axis=1)[:, -2]).all()
    assert (spent < 64).all() and np.array_equal(asked.sum(axis=2), spent)


def test_known_losses_are_not_evaluated_again():
    all_draws = losses(30, 16, 64, 1.0, seed=3)
    once, asked = prune(all_draws, SEQUENTIAL)
    again, more = prune(all_draws, SEQUENTIAL, known={"loss": once})
    np.testing.assert_array_equal(once, again)
    assert more.sum() == 0
    first = np.where(np.arange(64) < 4, all_draws, np.nan)
    fewer, more = prune(all_draws, SEQUENTIAL, known={"loss": first})
    np.testing.assert_array_equal(once, fewer)
    assert more.sum() == asked.sum() - 30 * 16 * 4


def test_equal_losses_drop_no_category():
    loss = np.ones((1, 3, 8), np.float32)
    loss[0, 2] = 2
    assert SEQUENTIAL.survivors(loss[:, :, :4], np.ones((1, 3), bool), draws(4), 8).tolist() == [[True, True, False]]


def test_dropped_category_is_compared_on_its_own_draws():
    # The second draw has larger losses. The category that was dropped before it has the smallest mean.
    loss = np.array([[[1.0, 9.0], [1.2, 9.1], [1.5, np.nan]]])
    assert pruning_correction(loss, np.ones(2)).round(6).tolist() == [[0, 0, 3.975]]
    assert winners(loss, np.ones(2)).tolist() == [0]
    assert scores(loss, np.ones(2)).argmin(axis=1).tolist() == [2]


def test_draws_of_a_study_are_a_number_or_a_pruning_test():
    assert (most_draws(3), pruning_of(3, "uniform")) == (3, None)
    draws = settings.Pruning(min=4, max=64, test="sequential", level=0.05)
    assert (most_draws(draws), pruning_of(draws, "uniform")) == (64, SEQUENTIAL)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 0.1), "min is 1, expected at least 2"),
        ((2, 0.0), "level is 0.0, expected a probability"),
    ],
)
def test_settings_out_of_range_are_errors(arguments, message):
    with pytest.raises(InputError, match=message):
        PairedTest(*arguments)
