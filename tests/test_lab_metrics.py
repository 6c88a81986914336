"""The measures of the lab against direct computation: one weighting, one draw, one subset after the other."""

import numpy as np
import pytest
import xarray as xr

from generative_classifiers.decisions.from_evidence import decide, score_categories
from generative_classifiers.decisions.same_losses import check_all_losses, decisions_under
from generative_classifiers.draws.levels import Draws
from generative_classifiers.draws.log_snr import TABLES, BoundWeighting, LogSnrWeighting
from generative_classifiers.evidence.pruning import SequentialTest
from generative_classifiers.evidence.scoring import score_images
from generative_classifiers.io.errors import InputError
from generative_classifiers.metrics.conditions import compare
from generative_classifiers.metrics.lab.draw_numbers import draw_numbers
from generative_classifiers.metrics.lab.noise_levels import noise_levels
from generative_classifiers.metrics.lab.spent_evaluations import spent_evaluations
from generative_classifiers.metrics.lab.views import views
from generative_classifiers.metrics.lab.weightings import weightings
from generative_classifiers.metrics.shape_bias import shape_bias
from generative_classifiers.metrics.tables import lab_table
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.views import View
from simulated_losses import Recorded, draws, spread, table

IMAGES, DRAWS, NAMES = 48, 32, np.array(CATEGORIES)


def cue_conflicts(images=IMAGES, dataset="cue-conflict", count=DRAWS, seed=0):
    """Evidence of a model that goes by texture at low noise levels and by shape at high ones."""
    rng, some = np.random.default_rng(seed), draws(count)
    shape = rng.integers(0, 16, images)
    texture = np.where(np.arange(images) % 12, (shape + rng.integers(1, 16, images)) % 16, shape)
    advantage = np.zeros((images, 16, count))
    advantage[np.arange(images), shape] += 1.2 * some.time
    advantage[np.arange(images), texture] += 1.2 * (1 - some.time)
    noise = rng.gamma(2, 1, (images, 1, count)) + rng.normal(size=advantage.shape) * spread(some.time)
    bar = TABLES["cosine"][np.minimum(999, (some.time * 1000).astype(int))]
    names = [f"{number:02}.png" for number in range(images)]
    return xr.Dataset(
        {"loss": (("image", "category", "draw"), (noise - advantage * spread(some.time)).astype(np.float32))},
        {
            "name": ("image", names),
            "condition": ("image", ["all"] * images),
            "true_category": ("image", NAMES[shape]),
            "texture_category": ("image", NAMES[texture]),
            "category": NAMES,
            "draw": some.number,
            "time": ("draw", some.time),
            "alpha": ("draw", np.sqrt(bar)),
            "sigma": ("draw", np.sqrt(1 - bar)),
            "seed": ("draw", some.seed),
        },
        {"observer": "mine", "dataset": dataset, "family": "diffusion"},
    )


def of_subjects(evidence, seed=0):
    """Decisions of three members of the reference group, whose images are in another order."""
    rng, truth = np.random.default_rng(seed), [CATEGORIES.index(name) for name in evidence["true_category"].values]
    response = np.where(rng.random((3, len(truth))) < 0.7, truth, rng.integers(0, 16, (3, len(truth))))
    kept = evidence.drop_vars([name for name in evidence.variables if "draw" in evidence[name].dims])
    found = xr.Dataset({"response": (("observer", "image"), response.astype(np.int8))}, kept.coords)
    members = {"observer": ["s1", "s2", "s3"], "family": ("observer", ["simulated"] * 3)}
    found = found.assign_coords(members | {"is_reference": ("observer", [True] * 3)})
    return found.assign_attrs(dataset=evidence.attrs["dataset"]).isel(image=slice(None, None, -1))


def in_metrics(response, names, subjects):
    """Shape bias, accuracy and error consistency of responses to images, by the study's own metrics."""
    order = [names.tolist().index(name) for name in subjects["name"].values.tolist()]
    joined = xr.concat([subjects, subjects.isel(observer=[0]).copy()], dim="observer")
    joined["response"][-1] = response[order]
    joined = joined.assign_coords(
        observer=["s1", "s2", "s3", "mine"],
        family=("observer", ["simulated"] * 3 + ["diffusion"]),
        is_reference=("observer", [True] * 3 + [False]),
    )
    bias = shape_bias(joined, "simulated").sel(observer="mine")
    cell = compare([joined], reference="simulated").isel(resample=0, cell=0).sel(observer="mine")
    return [float(one) for one in (bias["overall_shape_bias"], cell["accuracy"], cell["error_consistency"])]


MEASURES = ["shape_bias", "accuracy", "error_consistency"]


def test_bound_is_the_slope_of_the_signal_to_noise_ratio():
    time = np.linspace(0.1, 0.9, 9)
    np.testing.assert_allclose(BoundWeighting().at(time, 1 - time, time), 2 * (1 - time) / time**3, rtol=1e-6)
    bar = TABLES["cosine"][299:301]
    (found,) = BoundWeighting().at([0.3], np.sqrt(bar[1:]), np.sqrt(1 - bar[1:]))
    np.testing.assert_allclose(found, -1000 * np.diff(bar / (1 - bar))[0], rtol=0.01)


@pytest.mark.parametrize(("weighting", "rate"), [("exponential", 7.0), ("exponential", 0.0), ("simple", 7.0)])
def test_decisions_under_weights_are_those_of_the_study(weighting, rate):
    evidence = cue_conflicts()
    levels = [evidence[name].values for name in ("time", "alpha", "sigma")]
    weight = np.exp(-rate * levels[0]) if weighting == "exponential" else (levels[1] / levels[2]) ** 2
    expected = score_categories(evidence, weighting, rate).argmin(axis=1)
    np.testing.assert_array_equal(decisions_under(evidence, weight[None])[0], expected)


def test_weightings_give_the_metrics_of_their_decisions():
    evidence, other = cue_conflicts(), cue_conflicts(30, "edge", 16, seed=1)
    subjects = of_subjects(evidence)
    found = weightings(subjects, {"mine": evidence}, {"mine": {"edge": other}}, "simulated")
    own = found.sel(observer="mine")
    asked = {f"exponential-{rate:g}": ("exponential", rate) for rate in (0, 3.5, 7, 14)}
    asked |= {"simple": ("simple", 7.0), "bound": (BoundWeighting(), 7.0), "log_snr": (LogSnrWeighting("imagen"), 7.0)}
    for name, settings in asked.items():
        one = own.sel(weighting=name)
        response = decide(evidence, *settings)
        expected = in_metrics(response["response"].values[0], response["name"].values, subjects)
        np.testing.assert_allclose([one[measure] for measure in MEASURES], expected, err_msg=name)
        for measure in MEASURES:
            lower, upper = one[f"{measure}_interval"].values
            assert lower <= one[measure] <= upper
    assert own["rate"].values[:3].tolist() == [0, 0.5, 1] and np.isfinite(own.sel(weighting="learned")["accuracy"])
    fall = own["shape_bias"].sel(weighting="exponential-0") - own["shape_bias"].sel(weighting="exponential-14")
    assert own["fall"] == fall.item() > 0 and own["fall_interval"].values[0] > 0
    group = found.sel(observer="simulated")
    assert group["accuracy"].count() == 1 and np.isfinite(group["accuracy"].sel(weighting="none"))


def test_learned_is_left_out_without_other_datasets():
    evidence = cue_conflicts(24, count=8)
    found = weightings(of_subjects(evidence), {"mine": evidence}, {}, "simulated")
    assert "learned" not in found["weighting"] and "bound" in found["weighting"]


def test_noise_levels_are_decisions_of_single_draws():
    evidence = cue_conflicts()
    found = noise_levels({"mine": evidence}).sel(observer="mine")
    conflict = evidence["true_category"].values != evidence["texture_category"].values
    assert 0 < conflict.sum() < IMAGES
    follows = {"shape": np.zeros(DRAWS), "texture": np.zeros(DRAWS)}
    for draw in range(DRAWS):
        chosen = NAMES[evidence["loss"].values[:, :, draw].argmin(axis=1)][conflict]
        for cue, category in {"shape": "true_category", "texture": "texture_category"}.items():
            follows[cue][draw] = (chosen == evidence[category].values[conflict]).mean()
    for cue, expected in follows.items():
        np.testing.assert_allclose(found[cue], expected)
        assert (found[f"{cue}_interval"].sel(bound="lower") <= expected).all()
        assert (found[f"{cue}_interval"].sel(bound="upper") >= expected).all()
    np.testing.assert_allclose(found["log_snr"], 2 * np.log(evidence["alpha"] / evidence["sigma"]))
    time, (shape, texture) = evidence["time"].values, follows.values()
    low, medium = time < 0.25, (time >= 0.5) & (time < 0.75)
    bias = [shape[part].sum() / (shape + texture)[part].sum() for part in (medium, low)]
    np.testing.assert_allclose(found["rise"], bias[0] - bias[1])
    assert found["rise_interval"][0] < found["rise"] < found["rise_interval"][1]


def test_first_draws_are_the_study_s_decisions_with_fewer_draws():
    evidence = cue_conflicts()
    subjects = of_subjects(evidence)
    found = draw_numbers(subjects, {"mine": evidence}, {"mine": "exponential"}, "simulated").sel(observer="mine")
    for number in (1, 4, DRAWS):
        response = decide(evidence.isel(draw=slice(number)))
        expected = in_metrics(response["response"].values[0], response["name"].values, subjects)
        np.testing.assert_allclose([found[measure].sel(draws=number) for measure in MEASURES], expected)
    every = found.sel(draws=DRAWS)
    for measure in MEASURES:
        np.testing.assert_allclose(every[f"{measure}_spread"], every[measure])
    assert every["shift"] == 0 and (every["shift_interval"] == 0).all()
    spreads = found["accuracy_spread"].diff("bound").squeeze().dropna("draws")
    assert spreads.sel(draws=4) > spreads.sel(draws=16) > 0


def test_spent_evaluations_are_those_of_the_test_on_a_model():
    evidence = cue_conflicts(count=64)
    asked = {"mine": evidence}
    found = spent_evaluations(asked, {"mine": "exponential"}, {"mine": table()}).sel(observer="mine")
    first, second = evidence.isel(draw=slice(32)), evidence.isel(draw=slice(32, None))
    reference = score_categories(second).argmin(axis=1)
    model, names = Recorded(first["loss"].values), first["name"].values
    some = Draws(np.arange(32), *(first[name].values for name in ("time", "alpha", "sigma", "seed")))
    left = score_images(model, names, names, some, pruning=SequentialTest(4, 0.1))
    one = found.sel(setting="sequential, draws 32, level 0.1")
    np.testing.assert_allclose(one["evaluations"], model.asked.sum() / model.asked.size)
    decisions = score_categories(first.assign(loss=(first["loss"].dims, left["loss"]))).argmin(axis=1)
    agreement = (decisions == reference).mean()
    np.testing.assert_allclose(one["agreement"], agreement)
    every = found.sel(setting="all categories, draws 32")
    expected = (score_categories(first).argmin(axis=1) == reference).mean()
    assert (every["agreement"], every["evaluations"], every["difference"]) == (expected, 1, 0)
    np.testing.assert_allclose(one["difference"], agreement - expected)
    assert {"paired", "sequential", "moderated", "all categories"} == set(found["rule"].values)


def test_a_single_draw_has_no_halves():
    with pytest.raises(InputError, match="mine on cue-conflict: expected at least 2 draws, to compare their halves"):
        spent_evaluations({"mine": cue_conflicts(8, count=1)}, {"mine": "exponential"}, {})


@pytest.mark.parametrize("kind", ["pruned", "weighted"])
def test_losses_that_cannot_answer_for_other_weightings_are_refused(kind):
    evidence = cue_conflicts(8, count=4)
    if kind == "pruned":
        evidence["loss"][0, 0, 3] = np.nan
        expected = "a.json: some of its losses were pruned; expected all categories at all draws"
    else:
        evidence = evidence.assign_coords(density=("draw", [1.0, 2, 1, 1]))
        expected = "a.json: its draws are spread for one weighting; expected all categories at all draws"
    with pytest.raises(InputError, match=expected):
        check_all_losses(evidence, "a.json")


FAMILIES = {"net": "discriminative", "noisy": "discriminative", "diffuser": "diffusion"}
SEEN_BY = [f"{name}{view}" for view in ("", "@blurred-4", "@small-16") for name in FAMILIES]


def of_all_views():
    """Random decisions of three models, without a view and with two."""
    subjects = of_subjects(cue_conflicts())
    rng = np.random.default_rng(3)
    truth, texture = (
        np.array([CATEGORIES.index(name) for name in subjects[cue].values])
        for cue in ("true_category", "texture_category")
    )
    chosen = rng.integers(0, 3, (len(SEEN_BY), len(truth)))
    response = np.select([chosen == 0, chosen == 1], [truth, texture], rng.integers(0, 16, chosen.shape))
    joined = xr.concat([subjects, *[subjects.isel(observer=[0])] * len(SEEN_BY)], dim="observer")
    joined["response"][3:] = response
    kinds = ["simulated"] * 3 + [FAMILIES[name.partition("@")[0]] for name in SEEN_BY]
    return joined.assign_coords(
        observer=["s1", "s2", "s3", *SEEN_BY],
        family=("observer", kinds),
        is_reference=("observer", [kind == "simulated" for kind in kinds]),
    )


def through_views():
    seen = {"blurred-4": View(low_pass=4), "small-16": View(resize=16)}
    return views([of_all_views()], seen, reference="simulated", with_noise=["noisy"])


def test_views_compare_observers_through_the_same_view():
    joined, found = of_all_views(), through_views()
    assert found["view"].values.tolist() == ["none", "blurred-4", "small-16"]
    assert found["low_pass"].values[:2].tolist() == [0, 4] and found["resize"].values[2] == 16
    bias = shape_bias(joined, "simulated")["overall_shape_bias"]
    value = found["value"].sel(measure="shape_bias")
    for name in SEEN_BY:
        model, _, view = name.partition("@")
        assert value.sel(observer=model, view=view or "none") == bias.sel(observer=name)
    blurred = {name: value.sel(view="blurred-4", observer=name).item() for name in FAMILIES}
    plain = value.sel(view="none")
    one = found.sel(measure="shape_bias", view="blurred-4")
    np.testing.assert_allclose(one["advantage"].sel(observer="diffuser"), blurred["diffuser"] - blurred["net"])
    assert one["advantage"].sel(observer=["net", "noisy"]).isnull().all()
    group, own = plain.sel(observer="simulated").item(), plain.sel(observer="net").item()
    np.testing.assert_allclose(one["gap"].sel(observer="net"), group - blurred["net"])
    np.testing.assert_allclose(one["closed"].sel(observer="net"), 1 - (group - blurred["net"]) / (group - own))
    np.testing.assert_allclose(one["change"].sel(observer="net"), blurred["net"] - own)
    lower, upper = one["advantage_interval"].sel(observer="diffuser").values
    assert lower < blurred["diffuser"] - blurred["net"] < upper
    assert found["value"].sel(observer="simulated", view="blurred-4").isnull().all()
    rows = lab_table(found)
    assert len(rows) == 3 * (1 + 9) and {"measure", "view", "value_lower", "advantage_upper", "low_pass"} <= set(rows)
