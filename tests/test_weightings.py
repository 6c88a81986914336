"""Weightings across schedules, and fitted ones, against direct computation."""

import numpy as np
import pytest
import xarray as xr

from generative_classifiers.decisions.weightings import learned, weighting_on
from generative_classifiers.draws.learned import LearnedWeighting, fit_weighting
from generative_classifiers.draws.levels import times
from generative_classifiers.draws.log_snr import TABLES, LogSnrWeighting, schedule_of, weighting_with
from generative_classifiers.draws.weighting import effective_draws, level_weighting
from generative_classifiers.io.errors import InputError
from generative_classifiers.study.settings import LearnedSetting, LogSnrSetting
from simulated_losses import draws, losses

TIME = times(200, 0)


def of_table(name, time=TIME):
    bar = TABLES[name][np.minimum(999, (time * 1000).astype(int))]
    return time, np.sqrt(bar), np.sqrt(1 - bar)


def test_schedules_are_those_of_diffusers():
    schedulers = pytest.importorskip("diffusers")
    betas = {
        "cosine": {"beta_schedule": "squaredcos_cap_v2"},
        "stable-diffusion": {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012},
        "linear": {"beta_schedule": "linear", "beta_start": 1e-4, "beta_end": 0.02},
    }
    for name, settings in betas.items():
        bar = schedulers.DDPMScheduler(num_train_timesteps=1000, **settings).alphas_cumprod.double().numpy()
        np.testing.assert_allclose(TABLES[name], bar, rtol=1e-3, atol=1e-8)


@pytest.mark.parametrize("name", ["cosine", "stable-diffusion", "linear"])
def test_schedules_are_recognised(name):
    assert schedule_of(*of_table(name)) == name


def test_unknown_schedule_is_an_error():
    with pytest.raises(InputError, match="the noise schedule of the model is unknown, expected one of flow, cosine"):
        schedule_of([0.5], [0.6], [0.8])


def test_weighting_in_its_own_schedule_is_the_exponential_one():
    inside = (TIME > 0.002) & (TIME < 0.998)
    found = LogSnrWeighting("stable-diffusion").at(*of_table("stable-diffusion"))
    np.testing.assert_allclose(found[inside], np.exp(-7 * TIME[inside]), rtol=1e-3)


def test_imagens_weighting_in_flow_matching_is_the_formula():
    # tan(pi t' / 2) = t / (1 - t), so dt' / dt = 2 / pi / (t² + (1 - t)²)
    found = LogSnrWeighting("imagen").at(TIME, 1 - TIME, TIME)
    there = 2 / np.pi * np.arctan2(TIME, 1 - TIME)
    slope = 2 / np.pi / (TIME**2 + (1 - TIME) ** 2)
    np.testing.assert_allclose(found, np.exp(-7 * there) * slope, rtol=1e-4)


def test_levels_that_the_source_lacks_count_nothing():
    # Stable Diffusion's signal-to-noise ratio is at most 1175, at least 0.0047.
    found = LogSnrWeighting("stable-diffusion").at(TIME, 1 - TIME, TIME)
    ratio = ((1 - TIME) / TIME) ** 2
    assert (found[(ratio > 1300) | (ratio < 0.004)] == 0).all()
    assert (found[(ratio < 1000) & (ratio > 0.006)] > 0).all()


def test_lost_share_is_that_of_the_levels_that_the_schedule_lacks():
    assert LogSnrWeighting("stable-diffusion").lost_share(TIME, 1 - TIME, TIME) < 0.01
    bar = TABLES["stable-diffusion"]
    first, last = (2 / np.pi * np.arctan(np.sqrt((1 - one) / one)) for one in (bar[0], bar[-1]))
    kept = (np.exp(-7 * first) - np.exp(-7 * last)) / (1 - np.exp(-7))
    lost = LogSnrWeighting("imagen").lost_share(*of_table("stable-diffusion"))
    assert lost == pytest.approx(1 - kept, abs=0.01)


def test_settings_of_a_weighting_are_its_identity():
    weighting = LogSnrWeighting("imagen")
    assert weighting_with(weighting.identity) == weighting
    assert weighting_with("simple") == "simple"
    with pytest.raises(InputError, match="source is 'flow', expected one of imagen, stable-diffusion"):
        LogSnrWeighting("flow")


def test_effective_draws_are_all_draws_if_they_count_alike():
    assert effective_draws(np.full(7, 0.3)) == pytest.approx(7)
    assert effective_draws([1.0, 0, 0]) == 1
    assert effective_draws([0.0]) == 0


def scene(dataset, level, images=400, count=40):
    """Evidence whose categories differ only at levels above a time."""
    some = draws(count)
    truth = np.arange(images) % 2
    loss = losses(images, 2, some, 0.0, seed=len(dataset))
    loss[np.arange(images), truth] -= np.where(some.time > level, 0.5, 0).astype(np.float32)
    per_draw = {name: ("draw", getattr(some, name)) for name in ("time", "alpha", "sigma")}
    return xr.Dataset(
        {"loss": (("image", "category", "draw"), loss)},
        coords={"category": ["cat", "dog"], "true_category": ("image", np.array(["cat", "dog"])[truth]), **per_draw},
        attrs={"observer": "a", "dataset": dataset},
    )


def test_learned_weighting_counts_levels_that_tell_categories_apart():
    some = scene("edge", 0.5)
    truth = np.arange(some.sizes["image"]) % 2
    found = fit_weighting(some["loss"].values, some["time"].values, np.ones(40), truth)
    exponential = np.exp(-7 * (np.arange(20) + 0.5) / 20)
    ratio = np.array(found.weight) / exponential
    assert ratio[11:].mean() > 1.5 * ratio[:9].mean()
    np.testing.assert_array_equal(found.at([0.0, 0.99], None, None), [found.weight[0], found.weight[19]])


def test_learned_weighting_is_never_fitted_to_the_dataset_that_is_scored():
    sketch, edge = scene("sketch", 0.5), scene("edge", 0.5)
    found = learned(sketch, {"edge": edge})
    assert found.identity["fitted_on"] == ["edge"]
    changed = sketch.assign(loss=sketch["loss"] * 0)
    assert learned(changed, {"edge": edge}) == found
    with pytest.raises(InputError, match="other datasets than sketch, found sketch"):
        learned(sketch, {"sketch": sketch})
    with pytest.raises(InputError, match="found none"):
        learned(sketch, {})


def test_weighting_on_evidence_is_that_of_the_setting(caplog):
    edge = scene("edge", 0.5, images=20)
    bar = TABLES["stable-diffusion"][(edge["time"].values * 1000).astype(int)]
    edge = edge.assign_coords(alpha=("draw", np.sqrt(bar)), sigma=("draw", np.sqrt(1 - bar)))
    assert weighting_on("simple", edge, {}) == "simple"
    setting = LogSnrSetting(rule="log_snr", source="imagen")
    assert weighting_on(setting, edge, {}) == LogSnrWeighting("imagen")
    assert "of the weighting is lost" in caplog.text
    assert isinstance(
        weighting_on(LearnedSetting(rule="learned"), edge, {"sketch": scene("sketch", 0.5)}), LearnedWeighting
    )
    assert weighting_on("exponential", edge.assign_coords(time=edge["time"] * np.nan), {}) == "uniform"


def test_weightings_are_1_without_noise_levels():
    nothing = np.full(3, np.nan)
    for weighting in ("exponential", LogSnrWeighting("imagen"), LearnedWeighting((1.0, 2.0))):
        assert level_weighting(nothing, nothing, nothing, weighting).tolist() == [1, 1, 1]
