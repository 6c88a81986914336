"""Noise levels by importance: their density, the scores, the table that they are made of, and what is kept of them."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from generative_classifiers.decisions.from_evidence import effective_number, score_categories
from generative_classifiers.draws.density import FLOOR, weighted_density
from generative_classifiers.draws.level_table import LevelTable, fit_levels, log_snr
from generative_classifiers.draws.levels import times
from generative_classifiers.draws.weighting import level_weighting, scores
from generative_classifiers.evidence.layout import per_draw_names
from generative_classifiers.evidence.pruning import pruning_for
from generative_classifiers.evidence.request import _kept_draw
from generative_classifiers.io.attributes import encode_attributes
from generative_classifiers.io.errors import InputError
from generative_classifiers.study.levels import level_row, load_levels
from simulated_losses import GRID, RATE, cosine, draws, losses, spread, table, true_scores

DENSITY = weighted_density(table(), cosine)


def weight_of(some):
    return level_weighting(some.time, some.alpha, some.sigma) / some.density


def evidence(some, images=3, rule=None):
    loss = losses(images, 2, some, [0.5, 0.0])
    per_draw = {name: ("draw", getattr(some, name)) for name in per_draw_names(some)}
    attrs = {"observer": "a", "dataset": "b", "times": rule or "golden", "pruning": None}
    return xr.Dataset(
        {"loss": (("image", "category", "draw"), loss)},
        coords={**per_draw, "draw": some.number, "category": ["cat", "dog"]},
        attrs=encode_attributes(attrs),
    )


def test_density_is_weighting_times_spread_with_a_floor():
    product = np.exp(-RATE * GRID) * spread(GRID)
    np.testing.assert_allclose(DENSITY.at(GRID), (1 - FLOOR) * product / product.mean() + FLOOR, rtol=0.02)
    assert DENSITY.at(GRID).mean() == pytest.approx(1)


def test_levels_are_spread_by_the_density_and_more_draws_extend_fewer():
    many = times(5000, 0, DENSITY)
    found, _ = np.histogram(many, bins=20, range=(0, 1))
    expected = DENSITY.at(GRID).reshape(20, -1).mean(axis=1) * 250
    np.testing.assert_allclose(found, expected, atol=3)
    np.testing.assert_array_equal(times(10, 0, DENSITY), many[:10])


def test_rules_of_levels_estimate_the_same_scores():
    advantage = np.array([0.5, 0.2, 0.0])
    for rule in ("golden", "uniform", "weighted"):
        some = draws(512, rule)
        score = scores(losses(200, 3, some, advantage, seed=3), weight_of(some))
        difference = score[:, :2] - score[:, 2:]
        error = difference.std(axis=0, ddof=1) / np.sqrt(len(difference))
        exact = true_scores(advantage)[:2]
        levels = 0.1 if rule == "uniform" else 0.002  # share of the score, by the error of the sum over levels
        assert (np.abs(difference.mean(axis=0) - exact) < 3 * error + levels * np.abs(exact)).all(), rule


def test_weighted_scores_of_ten_thousand_images_are_unbiased():
    advantage = np.random.default_rng(1).normal(size=(10_000, 2))
    some = draws(16, "weighted")
    score = scores(losses(10_000, 2, some, advantage), weight_of(some))
    error = (score[:, 0] - score[:, 1]) - (true_scores(advantage[:, 0]) - true_scores(advantage[:, 1]))
    assert abs(error.mean()) < 3 * error.std() / 100


def test_weighted_levels_need_fewer_draws():
    def variance(rule):
        some = draws(64, rule)
        score = scores(losses(2000, 2, some, 0.0), weight_of(some))
        return (score[:, 0] - score[:, 1]).var()

    assert variance("weighted") < 0.85 * variance("golden")


def test_density_is_kept_only_where_levels_are_not_spread_evenly():
    assert per_draw_names(draws(4)) == ("time", "alpha", "sigma", "seed")
    assert per_draw_names(draws(4, "weighted")) == ("time", "alpha", "sigma", "seed", "density")


def test_stores_with_a_density_give_importance_weighted_scores():
    some = draws(64, "weighted")
    found = evidence(some, rule=DENSITY.identity)
    expected = scores(found["loss"].values, np.exp(-RATE * some.time) / some.density)
    np.testing.assert_allclose(score_categories(found), expected)
    assert effective_number(found) == pytest.approx(64)


def test_other_weightings_have_fewer_effective_draws_or_are_errors():
    found = evidence(draws(64, "weighted"), rule=DENSITY.identity)
    assert 4 < effective_number(found, "uniform") < 30
    assert score_categories(found, "uniform").shape == (3, 2)
    with pytest.raises(InputError, match=r"weighting: uniform: the 8 draws of a on b .* are worth 1\.\d; expected"):
        score_categories(evidence(draws(8, "weighted"), rule=DENSITY.identity), "uniform", rate=0)
    assert effective_number(evidence(draws(8)), "uniform") == 8


def test_identity_is_that_of_the_levels_alone():
    same = weighted_density(table(trend=3.0, freedom=2.0), cosine)
    assert same.identity == DENSITY.identity
    other = LevelTable(table().log_snr, tuple(2.0 * (1 + np.arange(50))), 1.0, 4.0, 0.0, 1.0)
    assert weighted_density(other, cosine).identity != DENSITY.identity


def test_kept_reconstruction_has_its_own_level_and_noise():
    model = SimpleNamespace(draws=lambda count, seed: draws(count, seed=seed))
    kept = _kept_draw(model, 7, 0)
    assert (kept.time.tolist(), kept.number.tolist(), kept.seed.tolist()) == ([0.5], [-1], [7])


def test_table_is_found_again_from_losses():
    rng = np.random.default_rng(0)
    time = ((np.arange(24) + 0.5) / 24) ** 1.5
    scale = np.sqrt(rng.chisquare(8, (400, 1, 1, 1)) / 8)
    slope = rng.normal(size=(400, 6, 1, 1)) * 2
    noise = scale * rng.normal(size=(400, 6, 24, 2)) / np.sqrt(2)
    found = fit_levels((noise + slope) * spread(time)[:, None], log_snr(*cosine(time)))
    ratio = found.at(*cosine(time)) / spread(time)
    assert ratio.std() < 0.1 * ratio.mean()
    assert 0.6 < found.variance * ratio.mean() ** 2 < 1.3
    assert 4 < found.freedom < 20
    assert found.reach > 20  # the differences are the same at all levels


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"log_snr": (1.0,)}, "found 1 log_snr and 50 spread"),
        ({"log_snr": tuple(np.zeros(50))}, "expected log_snr in ascending order"),
        ({"reach": 0.0}, "expected spread, variance, freedom and reach above 0"),
    ],
)
def test_impossible_tables_are_errors(changed, message):
    with pytest.raises(InputError, match=message):
        LevelTable(**{**vars(table()), **changed})


def test_error_of_first_draws_is_their_noise_and_the_trend_between_them_and_all_draws():
    some, known = draws(32), table(trend=2.0, reach=3.0)
    contribution = weight_of(some) * spread(some.time)
    rng = np.random.default_rng(0)
    place = log_snr(some.alpha, some.sigma)
    covariance = 2 * np.exp(-np.abs(place[:, None] - place) / 3)
    expected = rng.multivariate_normal(np.zeros(32), covariance, 20_000) * contribution
    values = expected + rng.normal(size=expected.shape) * contribution
    off = values[:, :6].mean(axis=1) - expected.mean(axis=1)
    assert known.error(some.alpha, some.sigma, contribution, 6) == pytest.approx(off.var(), rel=0.05)
    noise = np.square(contribution).sum() / 32**2
    assert known.error(some.alpha, some.sigma, contribution, 32) == pytest.approx(noise)


def observed(family="diffusion", denoises="latents", distance="latent", has_levels=True):
    kind = SimpleNamespace(has_levels=has_levels)
    return SimpleNamespace(family=family, denoises=denoises, distance=distance, kind=kind)


def asking(times, pruning=None, **observers):
    evidence = SimpleNamespace(times=times, draws=pruning or 64, draws_of={}, exhaustive={})
    return SimpleNamespace(name="a", observers=observers, evidence=evidence, weighting="exponential")


def test_observers_without_a_row_take_the_levels_of_the_one_that_stands_for_them():
    rows = load_levels()
    study = asking("weighted", new=observed(), pixels=observed(denoises="pixels"), **{"miniature-latent": observed()})
    assert level_row(study, "new", "edge") == rows["miniature-latent"]
    assert level_row(study, "pixels", "edge") == rows["miniature-diffusion"]
    assert level_row(asking("golden", new=observed()), "new", "edge") is None
    assert sorted(row.stands_for for row in rows.values() if row.stands_for) == ["latents", "pixels"]


def test_observers_with_a_single_draw_are_not_pruned():
    study = asking("weighted", SimpleNamespace(test="moderated"), new=observed("discriminative", has_levels=False))
    assert pruning_for(study, "new", "edge") is None


@pytest.mark.parametrize(
    ("study", "message"),
    [
        (asking("weighted", new=observed(distance="l2")), "new: expected a row, since the study has times: weighted"),
        (asking("golden", SimpleNamespace(test="moderated"), new=observed()), "since the study has the test moderated"),
        (asking("golden", SimpleNamespace(test="moderated"), new=observed("masked")), "expected another test"),
    ],
)
def test_rows_that_cannot_be_replaced_are_errors(study, message):
    with pytest.raises(InputError, match=message):
        level_row(study, "new", "edge")
