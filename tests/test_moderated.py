"""The moderated test: its bound, what it saves, and that nothing but an image's own losses decides."""

import numpy as np
import pytest

from generative_classifiers.draws.weighting import level_weighting
from generative_classifiers.evidence.moderated import ModeratedTest
from generative_classifiers.evidence.pruning import SequentialTest, pruning_from
from generative_classifiers.evidence.scoring import score_images
from generative_classifiers.io.errors import InputError
from simulated_losses import Recorded, draws, losses, table, winners

LEVEL = 0.1
TEST = ModeratedTest(1, LEVEL, table=table())


def prune(loss, some, rule, known=None):
    return score_images(Recorded(loss), np.empty(len(loss)), range(len(loss)), some, known, pruning=rule)["loss"]


def decide(loss, some):
    weight = level_weighting(some.time, some.alpha, some.sigma) / some.density
    return winners(loss, weight)


def false_drops(loss, some, rule):
    """Share of images of which the first category, the best by expectation, was dropped at any look."""
    spent = np.isfinite(prune(loss, some, rule)).sum(axis=2)
    return np.mean(spent[:, 0] < spent.max(axis=1))


def test_looks_are_after_every_draw_at_first_then_four_in_every_doubling():
    assert TEST.looks(24) == [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24]
    assert ModeratedTest(4, LEVEL, table=table()).looks(9) == [4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize("level", [0.1, 0.4, 0.9])
@pytest.mark.parametrize("rule", ["golden", "weighted"])
def test_equal_category_is_dropped_less_often_than_the_level_over_all_looks(rule, level):
    some = draws(64, rule)
    assert false_drops(losses(10_000, 2, some, 0.0), some, ModeratedTest(1, level, table=table())) < level


@pytest.mark.parametrize("degrees", [np.inf, 8])
def test_best_of_sixteen_is_dropped_less_often_than_the_level(degrees):
    some = draws(64, "weighted")
    advantage = -np.random.default_rng(0).gamma(2.0, 1.0, (2000, 16))
    advantage[:, 0] = 0
    assert false_drops(losses(2000, 16, some, advantage, degrees=degrees), some, TEST) < LEVEL


def test_it_needs_fewer_evaluations_than_the_sequential_test_for_the_same_decisions():
    some = draws(64, "weighted")
    advantage = -np.random.default_rng(1).gamma(4.0, 1.5, (500, 16))
    loss = losses(500, 16, some, advantage, seed=1)
    decision = decide(loss, some)
    moderated, sequential = (prune(loss, some, rule) for rule in (TEST, SequentialTest(4, LEVEL)))
    assert np.isfinite(moderated).mean() < 0.7 * np.isfinite(sequential).mean()
    assert np.mean(decide(moderated, some) == decision) > 0.98


def test_other_images_and_known_losses_change_nothing():
    some = draws(32, "weighted")
    loss = losses(40, 16, some, -np.random.default_rng(2).gamma(1.0, 1.0, (40, 16)))
    together = prune(loss, some, TEST)
    alone = np.concatenate([prune(loss[[image]], some, TEST) for image in range(40)])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(together, prune(loss, some, TEST, {"loss": loss}))


def test_own_draws_move_the_variance_from_the_sixth_on():
    some = draws(16)
    loss = losses(1, 2, some, [1.0, 0.0])
    difference = (loss[:, :, :] - loss[:, :1, :]).astype(float)
    contribution = table().at(some.alpha, some.sigma)
    assert TEST._variance(difference[:, :, :5], contribution[:5], some[:5]) == (1.0, 30.0)
    variance, freedom = TEST._variance(difference, contribution, some)
    assert freedom == pytest.approx(30 + 2 * 15**2 / 44)
    assert variance.shape == (1, 2)


def test_identity_has_the_table_and_gives_the_test_again():
    assert TEST.identity["table"]["variance"] == 1.0
    assert pruning_from(TEST.identity) == TEST
    assert pruning_from(None) is None


def test_without_a_table_it_is_an_error():
    with pytest.raises(InputError, match=r"needs a table of levels: registry/levels.yaml"):
        ModeratedTest(1, 0.1)
    with pytest.raises(InputError, match="min is 0, expected at least 1"):
        ModeratedTest(0, 0.1, table=table())
