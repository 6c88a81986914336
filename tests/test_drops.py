"""What stores say of pruning: when each category was dropped, and by which numbers."""

import json

import numpy as np
import pytest
import xarray as xr

from generative_classifiers.draws.weighting import level_weighting
from generative_classifiers.evidence.drops import by_look, drops
from generative_classifiers.evidence.moderated import ModeratedTest
from generative_classifiers.evidence.pruning import PairedTest, SequentialTest
from generative_classifiers.evidence.scoring import score_images
from generative_classifiers.io.errors import InputError
from simulated_losses import Recorded, draws, losses, table

IMAGES, CATEGORIES, COUNT = 60, 16, 24
TESTS = [PairedTest(4, 0.05), SequentialTest(4, 0.1), ModeratedTest(1, 0.1, table=table())]


@pytest.fixture(scope="module")
def everything():
    advantage = -np.random.default_rng(0).gamma(2.0, 2.5, (IMAGES, CATEGORIES))
    return losses(IMAGES, CATEGORIES, draws(COUNT), advantage)


def store(loss, rule):
    """Evidence that a run would leave."""
    some = draws(COUNT)
    coords = {name: ("draw", getattr(some, name)) for name in ("time", "alpha", "sigma", "seed")}
    coords |= {"draw": some.number, "name": ("image", [f"{image}.png" for image in range(len(loss))])}
    coords["category"] = [f"category {number}" for number in range(loss.shape[1])]
    about = {"observer": "tiny", "dataset": "few", "pruning": json.dumps(rule.identity if rule else None)}
    return xr.Dataset({"loss": (("image", "category", "draw"), loss)}, coords, about)


def pruned(loss, rule):
    return score_images(Recorded(loss), np.empty(len(loss)), range(len(loss)), draws(COUNT), pruning=rule)["loss"]


@pytest.mark.parametrize("rule", TESTS, ids=lambda rule: rule.test)
def test_looks_bounds_and_p_values_are_those_of_the_run(everything, rule, monkeypatch):
    asked, survivors = [], type(rule).survivors

    def spy(self, loss, candidates, *rest):
        left = survivors(self, loss, candidates, *rest)
        asked.append((loss.shape[2], candidates & ~left, self.p_values(loss, candidates, *rest)))
        return left

    monkeypatch.setattr(type(rule), "survivors", spy)
    loss = pruned(everything, rule)
    found = drops(store(loss, rule))
    expected = np.zeros(loss.shape[:2], int)
    for look, dropped, (p_value, bound) in asked:
        expected[dropped] = look
        np.testing.assert_array_equal(found["p_value"].values[dropped], p_value[dropped])
        np.testing.assert_array_equal(found["bound"].values[dropped], bound[dropped])
    np.testing.assert_array_equal(found["dropped_after"], expected)
    assert (found["p_value"].values < found["bound"].values).sum() == (expected > 0).sum() > IMAGES
    assert (np.isnan(found["p_value"]) == (expected == 0)).all()


@pytest.mark.parametrize("rule", TESTS, ids=lambda rule: rule.test)
def test_no_image_loses_all_its_categories_and_draws_are_counted(everything, rule):
    loss = pruned(everything, rule)
    found = drops(store(loss, rule))
    never = found["dropped_after"] == 0
    assert never.any("category").all()
    np.testing.assert_array_equal(found["draws"], np.isfinite(loss).sum(axis=2))
    np.testing.assert_array_equal(found["dropped_after"].where(~never, found["draws"]), found["draws"])
    some = draws(COUNT)
    score = (loss * level_weighting(some.time, some.alpha, some.sigma, "exponential")).astype(float)
    alone = np.flatnonzero(never.sum("category") == 1)
    assert len(alone)
    for image in alone:  # the category that is left is the best of the image's last look
        last = found["draws"].values[image].max()
        mean = np.where(found["draws"][image] == last, score[image, :, :last].mean(axis=1), np.inf)
        assert never.values[image].argmax() == mean.argmin()


def test_looks_are_counted(everything):
    rule = TESTS[1]
    found = drops(store(pruned(everything, rule), rule))
    looks = by_look(found)
    assert looks["after_draws"].isin(rule.looks(COUNT)).all()
    assert looks["dropped"].sum() == (found["dropped_after"] > 0).sum()
    assert looks["decided"].sum() == ((found["dropped_after"] == 0) & (found["draws"] < COUNT)).sum()
    assert (looks["largest_p_value"] < looks["smallest_bound"]).all()  # of this test, whose bound is the look's
    assert (found.attrs["test"], found.attrs["level"]) == ("sequential", 0.1)


def test_evidence_that_was_not_pruned_has_no_drops(everything):
    with pytest.raises(InputError, match="tiny on few: every category has all draws; expected evidence that was prun"):
        drops(store(everything, None))


def test_pruning_that_dropped_nothing_has_no_looks(everything):
    rule = SequentialTest(4, 1e-12)
    found = drops(store(pruned(everything[:, :2] * 0 + 1, rule), rule))
    assert (found["dropped_after"] == 0).all() and by_look(found).empty
