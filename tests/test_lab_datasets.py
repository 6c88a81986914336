"""Questions S8 and S9 on simulated decisions, their figures, and what the lab's datasets leave unchanged."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import spearmanr

from generative_classifiers.evidence.cost_plan import forecast
from generative_classifiers.figures.channels import channel_curves
from generative_classifiers.figures.plot_styles import plot_styles
from generative_classifiers.figures.worlds import world_curves
from generative_classifiers.io.errors import InputError
from generative_classifiers.metrics.benchmark import benchmark
from generative_classifiers.metrics.cells import list_cells
from generative_classifiers.metrics.conditions import compare
from generative_classifiers.metrics.lab.channels import (
    INACCURATE,
    NO_CHANNEL,
    channels,
    fit_channel,
    gaussian,
    spearman,
)
from generative_classifiers.metrics.lab.conditions import by_condition
from generative_classifiers.metrics.lab.worlds import worlds
from generative_classifiers.metrics.shape_bias import shape_bias
from generative_classifiers.metrics.tables import lab_table
from generative_classifiers.study.coverage import datasets_of, models_on
from generative_classifiers.study.load import load
from generative_classifiers.study.targets import can_draw, figure_datasets, fitted_on
from lab_decisions import FAMILIES, FREQUENCIES, KNOWN, on_bands, on_conflicts, on_worlds
from study_documents import DATASETS, SMALL, content

OBSERVERS = ["simulated", "pixel", "latent", "cnn", "noisy", "blind"]
LABELS = {"simulated": "Simulated observers"} | {name: name.capitalize() for name in OBSERVERS[1:]}


@pytest.fixture(scope="module")
def conflicts():
    return on_conflicts([row[-1] for row in KNOWN.values()])


@pytest.fixture(scope="module")
def found(conflicts):
    return channels(on_bands(), conflicts, 64, "simulated")


# Channels


@pytest.mark.parametrize("name", ["simulated", "pixel", "latent", "cnn", "noisy"])
def test_known_channels_are_recovered_within_their_intervals(found, name):
    _, centre, width, peak, _ = KNOWN["s1" if name == "simulated" else name]
    one = found.sel(observer=name)
    for key, value in {"centre": 2**centre, "width": width, "peak": peak}.items():
        lower, upper = one[f"{key}_interval"].values
        assert lower <= value <= upper and lower < one[key] < upper, (key, value, lower, upper)
    assert one["centre_interval"].diff("bound").item() < 2**centre / 2  # so that this can fail


def test_losses_are_differences_of_accuracies(found):
    decisions = on_bands()
    right = decisions["response"] == [list(decisions["category"].values).index(k) for k in decisions["true_category"]]
    for name in ("cnn", "blind"):
        by_band = right.sel(observer=name).groupby("condition").mean()
        expected = [by_band.sel(condition="0") - by_band.sel(condition=f"{one}") for one in FREQUENCIES[1:]]
        np.testing.assert_allclose(found["loss"].sel(observer=name), expected, atol=1e-6)
    group = [found["loss"].sel(observer="simulated").values, right.sel(observer=["s1", "s2"]).mean("observer")]
    by_band = group[1].groupby("condition").mean()
    np.testing.assert_allclose(group[0][2], by_band.sel(condition="0") - by_band.sel(condition="4"), atol=1e-6)
    np.testing.assert_allclose(found["cycles_per_pixel"], np.array(FREQUENCIES[1:]) / 64)


def test_observers_without_a_channel_have_none_and_a_reason(found):
    blind = found.sel(observer="blind")
    assert np.isnan([blind["centre"], blind["width"], blind["peak"], *blind["centre_interval"].values]).all()
    assert found["reason"].values.tolist() == ["", "", "", "", "", NO_CHANNEL]
    table = lab_table(found)
    assert len(table) == 6 * 6 and set(table["reason"]) == {"", NO_CHANNEL}


def test_the_correlation_is_that_of_the_observers_that_count(found, conflicts):
    counted = found.sel(observer=OBSERVERS[:-1])
    expected = spearmanr(counted["centre"], counted["shape_bias"]).statistic
    assert found["correlation"] == pytest.approx(expected) and expected < -0.5
    lower, upper = found["correlation_interval"].values
    assert -1 <= lower <= expected <= upper <= 1
    decisions = on_bands(320)
    names = [name for name in FAMILIES if name not in ("latent", "noisy", "cnn")]
    few = channels(decisions.sel(observer=names), conflicts.sel(observer=names), 64, "simulated")
    assert np.isnan([few["correlation"], *few["correlation_interval"].values]).all()


def test_inaccurate_observers_have_a_channel_and_do_not_count(conflicts):
    decisions = on_bands(320)
    wrong = decisions["response"].sel(observer="cnn").values
    wrong[:] = np.where(np.random.default_rng(0).random(len(wrong)) < 0.75, (wrong + 1) % 16, wrong)
    decisions["response"].loc["cnn"] = wrong
    one = channels(decisions, conflicts, 64, "simulated").sel(observer="cnn")
    assert one["accuracy"] < 0.3 and one["loss"].max() > 0.1
    assert one["reason"] == INACCURATE and np.isfinite(one["centre"])


def test_a_fall_of_exactly_a_tenth_is_a_channel(conflicts):
    decisions = on_bands(160)
    names, truth = decisions["category"].values.tolist(), decisions["true_category"].values
    right = np.array([names.index(name) for name in truth])
    for condition in np.unique(decisions["condition"].values):
        (place,) = np.nonzero(decisions["condition"].values == condition)
        wrong = place[: 64 if condition == "0" else 80 if condition == "4" else 64]
        right[wrong] = (right[wrong] + 1) % 16
    decisions["response"].loc["blind"] = right
    one = channels(decisions, conflicts, 64, "simulated").sel(observer="blind")
    assert one["reason"] == "" and one["loss"].max() == pytest.approx(0.1)


def test_the_fit_is_the_best_of_many_starts():
    rng, octaves = np.random.default_rng(0), np.arange(6.0)
    for _ in range(5):
        loss = gaussian(octaves, rng.uniform(0, 5), rng.uniform(1, 5), rng.uniform(0.2, 0.6)) + rng.normal(0, 0.05, 6)
        error = np.square(gaussian(octaves, *fit_channel(octaves, loss)) - loss).sum()
        others = np.array(np.meshgrid(np.arange(0, 5.1, 0.25), np.arange(0.5, 12, 0.5), np.arange(0, 1, 0.05)))
        shapes = gaussian(octaves[:, None], *others.reshape(3, -1))
        assert error <= np.square(shapes - loss[:, None]).sum(axis=0).min() + 1e-9


def test_rank_correlations_are_scipys():
    values = np.random.default_rng(0).integers(0, 4, (2, 5, 6)).astype(float)
    expected = [spearmanr(*pair).statistic for pair in values.transpose(1, 0, 2)]
    np.testing.assert_allclose(spearman(*values), expected)
    assert np.isnan(spearman(np.ones(4), np.arange(4.0)))


@pytest.mark.parametrize("kept", [["1", "2", "4", "8"], ["0", "1", "2"]])
def test_too_few_bands_are_an_error(conflicts, kept):
    decisions = on_bands(32)
    decisions = decisions.isel(image=np.isin(decisions["condition"].values, kept))
    with pytest.raises(InputError, match="frequency-bands: expected the condition '0' and at least 3 bands, found"):
        channels(decisions, conflicts, 64, "simulated")


def test_scenes_have_the_same_order_in_all_conditions():
    parts = by_condition(on_bands(16 * 12))
    numbers = {c: [int("".join(filter(str.isdigit, n[:-4]))) for n in part["name"].values] for c, part in parts.items()}
    first = np.array(numbers["0"])
    assert first[:12].tolist() == list(range(1, 13))
    np.testing.assert_array_equal(numbers["2"], first + 24)


# Worlds


def of_world(name, contrast, period):
    if name == "cnn":
        return 0.9 if period == 2 else 0.2
    return 0.6 if name == "pixel" else 0.95 - 0.3 * contrast


def test_worlds_have_the_shape_bias_of_their_own_images():
    decisions = on_worlds(of_world)
    result = worlds(decisions, ["pixel", "cnn"], "simulated")
    assert result["world"].values.tolist() == [f"c{c}-p{p}" for p in (0.5, 1, 2) for c in (0.2, 1)]
    assert result["observer"].values.tolist() == OBSERVERS and result["shape_bias"].dims == ("observer", "world")
    for condition in result["world"].values.tolist():
        part = decisions.isel(image=decisions["condition"].values == condition).assign_attrs(dataset="cue-conflict")
        expected = shape_bias(part, "simulated")["overall_shape_bias"].sel(observer=OBSERVERS)
        one = result.sel(world=condition)
        np.testing.assert_array_equal(one["shape_bias"], expected)
        assert one["difference"] == expected.sel(observer="pixel") - expected.sel(observer="cnn")
        assert one["difference_interval"][0] < one["difference"] < one["difference_interval"][1]
    signs = {p: result["difference_interval"].sel(world=f"c1-p{p}").values for p in ("0.5", "2")}
    assert signs["0.5"][0] > 0 > signs["2"][1]  # the order of the two differs between these worlds
    assert len(lab_table(result)) == 6 * 6


def test_an_observer_without_decisions_cannot_be_compared():
    with pytest.raises(InputError, match="cue-conflict-textures: no decisions of vit, which compared names"):
        worlds(on_worlds(of_world, periods=(1,)), ["pixel", "vit"], "simulated")


# Figures


def shows(ax, values):
    return any(np.array_equal(line.get_ydata(), values, equal_nan=True) for line in ax.lines)


def test_channels_are_drawn_with_the_losses_and_the_centres(found):
    figure = channel_curves(found, plot_styles(found, LABELS))
    losses, centres = figure.axes
    for name in OBSERVERS:
        assert shows(losses, found["loss"].sel(observer=name).values)
        bias = found["shape_bias"].sel(observer=name).item()
        assert any(list(line.get_ydata()) == [bias] for line in centres.lines) == (name != "blind")
    assert centres.get_title("left").startswith(f"ρ = −{-found['correlation'].item():.2f}")  # noqa: RUF001
    (above,) = losses.child_axes
    assert [tick.get_text() for tick in above.get_xticklabels()][-1] == ".5"


def test_worlds_are_drawn_by_contrast_in_a_column_for_each_period():
    result = worlds(on_worlds(of_world), ["pixel", "cnn"], "simulated")
    figure = world_curves(result, plot_styles(result, LABELS), LABELS)
    assert len(figure.axes) == 6 and figure.axes[3].get_ylabel() == "Pixel\nminus Cnn"
    for number, period in enumerate((0.5, 1, 2)):
        column = result.isel(world=result["period"].values == period)
        assert all(shows(figure.axes[number], column["shape_bias"].sel(observer=name).values) for name in OBSERVERS)
        assert shows(figure.axes[3 + number], column["difference"].values)


# What the lab's datasets leave unchanged


def test_the_benchmark_s_averages_do_not_have_the_lab_s_datasets(conflicts):
    edge = conflicts.drop_vars("texture_category").assign_attrs(dataset="edge")
    usual, lab = [edge, conflicts], [on_bands(32), on_worlds(of_world, (1,), (1,))]
    conditions = {one.attrs["dataset"]: sorted(set(one["condition"].values.tolist())) for one in usual + lab}
    rows = load({"study": "lab"}).registry.datasets
    not_averaged = {name: [c for c in conditions[name] if c in rows[name].not_averaged] for name in conditions}
    assert {name for name, left_out in not_averaged.items() if left_out} == {"frequency-bands", "cue-conflict-textures"}
    without = benchmark(
        compare(usual, list_cells({n: conditions[n] for n in ("edge", "cue-conflict")}, {}), "simulated")
    )
    together = benchmark(compare(usual + lab, list_cells(conditions, not_averaged), "simulated"))
    xr.testing.assert_identical(without, together)


def with_lab(documents):
    """The small study with both datasets of the lab."""
    lab = content(DATASETS)["datasets"]
    for name in ("frequency-bands", "cue-conflict-textures"):
        documents[DATASETS]["datasets"][name] = lab[name]
        documents[SMALL]["datasets"] = [*documents[SMALL]["datasets"], name]
    documents[SMALL]["world"]["size"] = 64


def test_views_weightings_and_figures_of_the_benchmark_do_without_them(documents, load_small):
    with_lab(documents)
    documents[SMALL] |= {"views": {"blurred-4": {"low_pass": 4}}, "compared": ["miniature-diffusion", "miniature-cnn"]}
    documents[SMALL]["evidence"]["weighting"] = {"rule": "learned"}
    study, usual = load_small(), ["colour", "edge", "cue-conflict"]
    assert datasets_of(study, "miniature-cnn@blurred-4") == usual
    assert datasets_of(study, "miniature-cnn") == [*usual, "frequency-bands", "cue-conflict-textures"]
    assert models_on(study, "frequency-bands") == ["miniature-diffusion", "miniature-cnn", "miniature-cnn-noise"]
    assert fitted_on(study, "colour") == ["edge", "cue-conflict"]
    assert list(figure_datasets(study, "figure_04")) == ["colour"]
    assert list(study.datasets["frequency-bands"].conditions) == ["0", "1", "2", "4", "8", "16", "32"]
    assert can_draw(study, "figure_S8") and can_draw(study, "figure_S9")
    planned = forecast(study).set_index(["observer", "dataset"])["images"]
    assert planned["miniature-cnn", "cue-conflict-textures"] == 15 * 240
    assert planned["miniature-cnn", "frequency-bands"] == 7 * 16
    assert ("miniature-cnn@blurred-4", "frequency-bands") not in planned


def test_figures_need_the_lab_s_datasets_and_two_observers(documents, load_small):
    study = load_small()
    assert not can_draw(study, "figure_S8") and not can_draw(study, "figure_S9")
    with_lab(documents)
    assert not can_draw(load_small(), "figure_S9")
    documents[SMALL]["compared"] = ["miniature-diffusion", "miniature-vit"]
    with pytest.raises(InputError, match=r"compared.*'miniature-vit' is unknown"):
        load_small()


def test_datasets_that_are_only_rendered_need_a_world(documents, load_small):
    with_lab(documents)
    study = documents[SMALL]
    for key in ("world", "simulated", "example_images"):
        study.pop(key, None)
    study |= {"reference": "humans", "observers": ["humans", "miniature-diffusion"], "datasets": ["frequency-bands"]}
    with pytest.raises(InputError, match=r"datasets.frequency-bands.stimuli: expected where its images are"):
        load_small()


@pytest.mark.parametrize("study", ["miniature", "humans", "paper", "low-pass"])
def test_no_other_study_has_the_lab_s_datasets(study):
    assert all(row.in_benchmark for row in load({"study": study}).datasets.values())
