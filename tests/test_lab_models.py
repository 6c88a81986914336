"""Questions S6 and S7 of the lab: what is measured on networks that were trained for them, and how figures show it."""

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit
from scipy.stats import t as student

from generative_classifiers.figures.dose_response import dose_curves
from generative_classifiers.figures.matched_models import factor_panels
from generative_classifiers.figures.plot_styles import plot_styles
from generative_classifiers.io.errors import InputError
from generative_classifiers.metrics.lab.dose_response import dose_response
from generative_classifiers.metrics.lab.matched_models import design_of, matched_models
from generative_classifiers.metrics.lab.mixed_logistic import fit
from generative_classifiers.metrics.shape_bias import shape_bias
from generative_classifiers.metrics.tables import factors_table, variants_table
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.recipes import Augmentation
from generative_classifiers.study.trainings import Replicate

NAMES = np.array(CATEGORIES)
SUBJECTS = ["s1", "s2"]
VARIANTS = {
    "plain": None,
    "sqrt-50": Augmentation(noise="sqrt_alphas", share=0.5),
    "sqrt-100": Augmentation(noise="sqrt_alphas"),
    "fixed-50": Augmentation(sigma=0.5),
    "blur-4": Augmentation(low_pass=4),
    "blur-8": Augmentation(low_pass=8),
    "both": Augmentation(low_pass=8, noise="sqrt_alphas"),
}
BIAS = dict(zip(VARIANTS, (0.2, 0.35, 0.5, 0.3, 0.3, 0.4, 0.6), strict=True))
TRAININGS = {f"cnn-{name}-{seed}": Replicate("cnn", name, seed) for name in VARIANTS for seed in range(5)}


def decided(dataset, conditions, response, truth, texture=None, families="discriminative"):
    """Decisions of two members of the reference group, who go by shape, and of models, by name."""
    shape = truth[None].repeat(len(SUBJECTS), 0)
    models = np.stack(list(response.values()))
    coords = {
        "observer": [*SUBJECTS, *response],
        "family": ("observer", ["simulated"] * len(SUBJECTS) + [families] * len(response)),
        "is_reference": ("observer", [True] * len(SUBJECTS) + [False] * len(response)),
        "category": NAMES,
        "condition": ("image", conditions),
        "name": ("image", [f"{number:04}.png" for number in range(len(truth))]),
        "true_category": ("image", NAMES[truth]),
    }
    if texture is not None:
        coords["texture_category"] = ("image", NAMES[texture])
    data = {"response": (("observer", "image"), np.concatenate([shape, models]).astype(np.int8))}
    return xr.Dataset(data, coords, {"dataset": dataset})


def undistorted(accuracy, images=160):
    """Decisions on the dataset colour, of which half the images are grey."""
    rng, truth = np.random.default_rng(1), np.arange(2 * images) % 16
    right = {name: rng.random(2 * images) < share for name, share in accuracy.items()}
    response = {name: np.where(one, truth, (truth + 1) % 16) for name, one in right.items()}
    return decided("colour", ["cr"] * images + ["bw"] * images, response, truth)


def cue_conflicts(chance, answers=0.9):
    """Decisions on cue conflicts, from the chance (image,) of the shape by model; some are for neither cue."""
    rng = np.random.default_rng(2)
    images = len(next(iter(chance.values())))
    shape = np.arange(images) % 16
    texture = (shape + 1 + np.arange(images) // 16 % 15) % 16
    neither = next(c for c in range(16) if c) + shape * 0
    neither = np.where((shape == neither) | (texture == neither), (texture + 5) % 16, neither)
    neither = np.where(shape == neither, (shape + 7) % 16, neither)
    response = {}
    for name, one in chance.items():
        follows = np.where(rng.random(images) < one, shape, texture)
        response[name] = np.where(rng.random(images) < answers, follows, neither)
    return decided("cue-conflict", ["all"] * images, response, shape, texture)


@pytest.fixture(scope="module")
def dose():
    rng = np.random.default_rng(0)
    # One training of one variant recognises nothing.
    accuracy = dict.fromkeys([*TRAININGS, "diffusion"], 0.8) | {"cnn-both-2": 0.1}
    bias = {name: BIAS[one.variant] + rng.normal(0, 0.04) for name, one in TRAININGS.items()} | {"diffusion": 0.6}
    conflicts = cue_conflicts({name: np.full(240, one) for name, one in bias.items()})
    levels = np.repeat(["0.0", "0.1", "0.35"], 48)
    truth = np.arange(len(levels)) % 16
    wrong = {name: np.where((rng.random(len(truth)) < 0.5) & (levels != "0.0"), 0, truth) for name in accuracy}
    noisy = decided("uniform-noise", levels.tolist(), wrong, truth)
    return [conflicts, undistorted(accuracy), noisy]


@pytest.fixture(scope="module")
def response(dose):
    return dose_response(dose, TRAININGS, VARIANTS, "diffusion", "simulated")


def test_values_of_trainings_are_those_of_the_study_s_own_metrics(dose, response):
    conflicts, clean, noisy = dose
    expected = shape_bias(conflicts, "simulated")["overall_shape_bias"]
    for name, one in TRAININGS.items():
        place = {"variant": one.variant, "seed": one.seed}
        values = response["value"].sel(place)
        assert values.sel(measure="shape_bias") == expected.sel(observer=name)
        for decisions, condition, measure in ((clean, ["cr"], "clean"), (noisy, ["0.1", "0.35"], "noisy")):
            cell = decisions.sel(observer=name).isel(image=np.isin(decisions["condition"], condition))
            right = NAMES[cell["response"].values] == cell["true_category"].values
            assert values.sel(measure=f"accuracy_{measure}") == pytest.approx(right.mean())
    assert response["target"].sel(measure="shape_bias") == expected.sel(observer="diffusion")


def test_trainings_that_recognise_nothing_are_shown_and_not_tested(response):
    assert (~response["tested"]).sum() == 1 and not response["tested"].sel(variant="both", seed=2)
    both = response.sel(variant="both", measure="shape_bias")
    assert both["mean"] == pytest.approx(both["value"].where(both["tested"]).mean().item())
    assert both["difference"] == pytest.approx((both["mean"] - both["target"]).item())


def test_intervals_are_wider_than_student_s_t_over_the_trainings_alone_and_than_the_bootstrap_alone(response):
    bias = response.sel(measure="shape_bias")
    width = bias["mean_interval"].diff("bound").squeeze("bound") / 2
    for variant in ("plain", "sqrt-50", "sqrt-100"):
        values = bias["value"].sel(variant=variant).values
        of_seeds = student.ppf(0.975, 4) * values.std(ddof=1) / np.sqrt(5)
        of_images = 1.96 * np.sqrt(0.25 / (240 * 0.9 * 5))  # at most, were the images of trainings not the same
        half = width.sel(variant=variant).item()
        assert of_seeds * 0.9 < half < (of_seeds + 2 * of_images) * 1.1
    table = variants_table(response)
    assert len(table) == 3 * len(VARIANTS)
    assert table.loc[table["measure"] != "shape_bias", "difference"].isna().all()


def test_a_variant_with_one_tested_training_has_no_interval(dose):
    found = dose_response(dose, {k: v for k, v in TRAININGS.items() if v.seed == 0}, VARIANTS, "diffusion", "simulated")
    assert found["mean_interval"].isnull().all() and found["mean"].notnull().all()


def test_a_training_without_decisions_is_named(dose):
    conflicts, clean, noisy = dose
    lacking = clean.isel(observer=clean["observer"] != "cnn-plain-3")
    with pytest.raises(InputError, match=r"^cnn-plain-3 on colour: no decisions"):
        dose_response([conflicts, lacking, noisy], TRAININGS, VARIANTS, "diffusion", "simulated")
    with pytest.raises(InputError, match="those on uniform-noise are missing"):
        dose_response([conflicts, clean], TRAININGS, VARIANTS, "diffusion", "simulated")


def test_figure_s6_shows_means_and_single_trainings(response):
    figure = dose_curves(response, {"diffusion": "Pixel diffusion"})
    assert len(figure.axes) == 6
    bias = response.sel(measure="shape_bias")
    noise = bias.sel(variant=["plain", "sqrt-50", "sqrt-100"])["mean"].values
    lines = [line.get_ydata() for line in figure.axes[0].lines]
    assert any(np.array_equal(line, noise) for line in lines)
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts[0] == "Pixel diffusion" and "blur" in texts


LEVELS = {
    f"{objective}-{noise}-{space}": {"objective": objective, "noise": noise, "space": space}
    for objective in ("discriminative", "head", "masked")
    for noise in ("none", "diffusion")
    for space in ("pixels", "latents")
}
TRUE = {"objective: head": 0.3, "objective: masked": 0.5, "noise: diffusion": 1.0, "space: latents": -0.4}


def simulated(seed, spread=0.3, images=120):
    """Chances (image,) of a decision for the shape by model, with known effects."""
    rng = np.random.default_rng(seed)
    of_image = rng.normal(0, 1, images)
    effects = {name: -0.5 + sum(TRUE.get(f"{k}: {v}", 0) for k, v in row.items()) for name, row in LEVELS.items()}
    return {name: expit(effect + rng.normal(0, spread) + of_image) for name, effect in effects.items()}


def test_the_mixed_model_finds_known_effects_within_its_intervals():
    _, design = design_of(LEVELS)
    true = np.array([-0.5, *TRUE.values()])
    inside = []
    for seed in range(4):
        rng, chance = np.random.default_rng(seed), np.stack(list(simulated(seed).values()))
        model, image = (grid.ravel() for grid in np.indices(chance.shape))
        follows = (rng.random(chance.shape) < chance).ravel().astype(float)
        found = fit(follows, design, model, image)
        low, high = np.quantile(found.coefficients, [0.025, 0.975], axis=0)
        inside.append((low <= true) & (true <= high))
        assert np.abs(np.median(found.coefficients, axis=0) - true).max() < 1.2
        assert 0.6 < np.median(found.spread[:, 1]) < 1.6  # of the images, 1
    assert np.mean(inside) >= 0.85


@pytest.fixture(scope="module")
def matched():
    accuracy = dict.fromkeys(LEVELS, 0.8) | {"masked-none-latents": 0.1}
    return matched_models(cue_conflicts(simulated(0)), undistorted(accuracy), {}, LEVELS, "simulated")


def test_shares_of_variance_are_those_of_known_effects(matched):
    shares = matched["share"].to_series()
    # Noise adds 1 to half the models: 0.25 of a variance of about 1.5.
    assert (
        matched["share_interval"].sel(factor="noise").values[0]
        < 0.25 / 1.5
        < matched["share_interval"].sel(factor="noise").values[1]
    )
    assert shares["image"] > shares["noise"] > shares["space"]
    bounds = matched["share_interval"].transpose("bound", "factor").values
    assert (bounds[0] <= shares.values).all() and (shares.values <= bounds[1]).all()
    low, high = matched["difference_interval"].values
    assert low < matched["difference"].item() < high


def test_models_that_recognise_nothing_are_shown_and_not_part_of_the_mixed_model(matched):
    assert matched["tested"].to_series().loc[lambda one: ~one].index.tolist() == ["masked-none-latents"]
    table = factors_table(matched)
    assert table["quantity"].value_counts().to_dict() == {"shape_bias": 12, "share": 5, "effect": 4, "difference": 1}
    excluded = table[table["name"] == "masked-none-latents"]
    assert excluded["tested"].item() is False or not excluded["tested"].item()


def test_levels_that_always_go_together_are_named():
    with pytest.raises(InputError, match="space: latents: goes together with other levels among the models a, b"):
        design_of({"a": {"noise": "none", "space": "pixels"}, "b": {"noise": "diffusion", "space": "latents"}})


def test_figure_s7_shows_models_effects_and_shares(matched):
    labels = {name: name.replace("-", " ") for name in LEVELS}
    figure = factor_panels(matched, plot_styles(matched, labels))
    models, effects, shares = figure.axes
    assert [text.get_text() for text in models.get_yticklabels()] == list(labels.values())
    assert [text.get_text() for text in effects.get_yticklabels()] == list(TRUE)
    assert [text.get_text() for text in shares.get_yticklabels()] == ["objective", "noise", "space", "model", "image"]


def test_a_training_can_be_what_the_others_are_compared_with(dose):
    found = dose_response(dose, TRAININGS, VARIANTS, "cnn-plain-0", "simulated")
    assert found["target"].equals(found["value"].sel(variant="plain", seed=0, drop=True).rename("target"))
