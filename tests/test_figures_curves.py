"""Curves, bars and pairs of networks show the metrics of the observers as the stores have them."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex, to_rgba

from generative_classifiers.decisions.published_numbers import MEASURED, with_published
from generative_classifiers.figures.condition_curves import condition_curves, line_styles
from generative_classifiers.figures.error_consistency import error_consistency
from generative_classifiers.figures.noise_training import AFTER, BEFORE, noise_training
from generative_classifiers.figures.nonparametric_accuracy import nonparametric_accuracy
from generative_classifiers.figures.plot_styles import plot_styles
from generative_classifiers.figures.style import paper
from generative_classifiers.io.errors import InputError
from generative_classifiers.study.families import FAMILIES
from test_figures import MODELS, consistency_store, names, observers, shape_bias_store, with_styles

DATASETS = {
    "blur": {"label": "Blur", "axis": "Width", "ticks": ["none", "some", "much"]},
    "turn": {"label": "Turn", "axis": "Angle", "ticks": ["0", "90"]},
}
CELLS = {
    "dataset": ["blur", "blur", "blur", "turn", "turn", "edge", "sketch"],
    "condition": ["0", "1", "2", "0", "90", "all", "all"],
    "in_benchmark": [False, True, True, False, True, True, True],
}
LABELS = {"edge": "Edge", "sketch": "Sketch"}
BOTH = ("accuracy", "error_consistency")
# The observer that saw only the dataset `edge`.
LATE = "net-b"


def conditions_store(models=MODELS):
    """A store of random numbers, all of them different."""
    families, random = {"simulated": "simulated"} | models, np.random.default_rng(0)
    coords = observers(families) | {"bound": ["lower", "upper"]} | {k: ("cell", v) for k, v in CELLS.items()}
    store = xr.Dataset(coords=coords)
    for measure in BOTH:
        estimates = random.uniform(0.1, 0.8, (len(families), len(CELLS["dataset"])))
        store[measure] = ("observer", "cell"), estimates
        bounds = estimates[..., None] + random.uniform(0.01, 0.1, (*estimates.shape, 2)) * [-1, 1]
        store[f"{measure}_interval"] = ("observer", "cell", "bound"), bounds
    store.attrs["reference"] = "simulated"
    return store.where((store["observer"] != LATE) | (store["dataset"] == "edge"))


def own_lines(ax):
    """Values of the lines with markers, by colour."""
    return {to_hex(line.get_color()): line.get_ydata() for line in ax.lines if line.get_marker() not in ("None", "")}


def labels(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_curves_and_bands_are_the_metrics_and_their_intervals():
    store, styles = with_styles(conditions_store())
    axes = condition_curves(store, styles, DATASETS, BOTH).axes
    assert len(axes) == 4
    places = [(measure, dataset) for measure in BOTH for dataset in DATASETS]
    for ax, (measure, dataset) in zip(axes, places, strict=True):
        lines, cells = own_lines(ax), store["dataset"].values == dataset
        bands = {to_hex(band.get_facecolor()[0]): band.get_paths()[0].vertices[:, 1] for band in ax.collections}
        assert len(lines) == len(bands) == 3
        for name in ("simulated", "diffuser", "net-a"):
            colour, one = styles["colour"][name].lower(), store.isel(cell=cells).sel(observer=name)
            np.testing.assert_array_equal(lines[colour], one[measure])
            assert set(one[f"{measure}_interval"].values.flat) <= set(bands[colour])


def test_only_highlighted_observers_and_the_reference_group_have_bands():
    store = conditions_store()
    styles = plot_styles(store, {}, ["net-a"])
    for ax in condition_curves(store, styles, DATASETS).axes:
        bands = {to_hex(band.get_facecolor()[0]) for band in ax.collections}
        assert bands == {styles["colour"][name].lower() for name in ("simulated", "net-a")}
        assert len(own_lines(ax)) == 3


def test_curves_label_datasets_conditions_measures_and_observers():
    store, styles = with_styles(conditions_store())
    figure = condition_curves(store, styles, DATASETS, BOTH)
    above, beside, below, corner = figure.axes
    assert [above.get_title("left"), beside.get_title("left"), below.get_title("left")] == ["Blur", "Turn", ""]
    assert names(above.xaxis) == ["", "", ""] and names(below.xaxis) == ["none", "some", "much"]
    assert names(corner.xaxis) == ["0", "90"] and corner.get_xlabel() == "Angle"
    assert [above.get_ylabel(), below.get_ylabel(), beside.get_ylabel()] == ["Accuracy", "Error consistency κ", ""]
    assert above.get_ylim() == beside.get_ylim() and below.get_ylim() == corner.get_ylim()
    assert [(patch.get_x(), patch.get_width()) for patch in above.patches] == [(-0.5, 1)]
    assert labels(figure) == ["Simulated observers", "Diffuser", "Net A", "chance", "not in the benchmark"]


def test_curves_of_the_reference_group_alone():
    store, styles = with_styles(conditions_store())
    figure = condition_curves(store, styles[styles["is_reference"]], DATASETS)
    assert all(len(own_lines(ax)) == 1 for ax in figure.axes)
    assert labels(figure)[0] == "Simulated observers" and len(labels(figure)) == 3


def test_curves_of_a_large_family_are_thin_except_for_highlights():
    store = conditions_store({f"network-{i}": "discriminative" for i in range(7)})
    figure = condition_curves(store, plot_styles(store, {}, ["network-3", "network-5"]), DATASETS)
    ax = figure.axes[0]
    (band,) = ax.collections
    assert np.array_equal(band.get_facecolor()[0], to_rgba(FAMILIES["simulated"].colour, 0.15))
    thin = [line.get_ydata() for line in ax.lines if line.get_linewidth() == 0.5]
    others = store["accuracy"].sel(observer=[f"network-{i}" for i in (0, 1, 2, 4, 6)])
    np.testing.assert_array_equal(np.sort(thin, axis=0), np.sort(others[:, store["dataset"].values == "blur"], axis=0))
    assert labels(figure)[1:4] == ["network 3", "network 5", "Discriminative, 5 others"]
    strokes = {line.get_label(): line.get_linestyle() for line in figure.legends[0].get_lines()}
    assert strokes["network 3"] != strokes["network 5"]


def test_observers_of_a_small_family_differ_in_stroke():
    _, styles = with_styles(conditions_store({f"network-{i}": "discriminative" for i in range(5)}))
    styles = line_styles(styles)
    assert not styles["faint"].any() and styles["stroke"][1:].nunique() == 5
    assert set(styles["colour"][1:]) == {FAMILIES["discriminative"].colour}


def test_curves_of_more_than_four_datasets_continue_in_the_next_row():
    datasets = {f"blur {i}": row for i, row in enumerate([DATASETS["blur"]] * 5)}
    store = conditions_store().isel(cell=np.tile([0, 1, 2], 5))
    store["dataset"] = "cell", np.repeat(list(datasets), 3)
    store, styles = with_styles(store)
    figure = condition_curves(store, styles, datasets, BOTH)
    with paper():
        figure.draw_without_rendering()
    assert len(figure.axes) == 10
    assert [ax.get_title("left") for ax in figure.axes].count("Blur") == 5


def test_curves_refuse_an_empty_list_of_datasets():
    store, styles = with_styles(conditions_store())
    with pytest.raises(InputError, match="no dataset to show"):
        condition_curves(store, styles, {})


def test_bars_and_numbers_are_the_metrics_and_their_intervals():
    store, styles = with_styles(conditions_store())
    figure = nonparametric_accuracy(store, styles, LABELS)
    order = names(figure.axes[0].yaxis)
    assert order[0] == "Simulated observers" and order[-1] == "Net B" and set(order[1:3]) == {"Diffuser", "Net A"}
    shown = [styles.index[styles["label"] == label][0] for label in order]
    for ax, (dataset, label) in zip(figure.axes, LABELS.items(), strict=True):
        cell = store.isel(cell=CELLS["dataset"].index(dataset)).sel(observer=shown)
        assert ax.get_title("left") == label and ax.get_xlim() == (0, 1)
        np.testing.assert_array_equal([bar.get_width() for bar in ax.patches], cell["accuracy"])
        (whiskers,) = (lines for lines in ax.collections if isinstance(lines, LineCollection))
        ends = {round(x, 9) for segment in whiskers.get_segments() for x, _ in segment.reshape(-1, 2)}
        assert {round(x, 9) for x in cell["accuracy_interval"].values.flat if x == x} <= ends
        texts = [text.get_text() for text in ax.texts]
        assert texts == [f"{value:.2f}" if value == value else "\N{EN DASH}" for value in cell["accuracy"].values]


def test_bars_are_sorted_from_best_to_worst():
    store, styles = with_styles(conditions_store())
    store["accuracy"].loc[{"observer": "net-a"}] = 0.9
    store["accuracy"].loc[{"observer": "diffuser"}] = 0.2
    assert names(nonparametric_accuracy(store, styles, LABELS).axes[0].yaxis)[1:3] == ["Net A", "Diffuser"]


def test_bars_leave_out_observers_that_saw_none_of_the_datasets():
    store, styles = with_styles(conditions_store())
    assert "Net B" not in names(nonparametric_accuracy(store, styles, {"sketch": "Sketch"}).axes[0].yaxis)


@pytest.mark.parametrize(
    ("datasets", "message"), [([], "no dataset to show"), (["blur"], "blur: 3 conditions"), (["x"], "x: 0 conditions")]
)
def test_bars_refuse_datasets_without_exactly_one_condition(datasets, message):
    store, styles = with_styles(conditions_store())
    with pytest.raises(InputError, match=message):
        nonparametric_accuracy(store, styles, {name: name for name in datasets})


def pair_store(published=None):
    """Shape biases of the measured observers, with intervals of the categories, too."""
    store = shape_bias_store()
    store = store.sel(observer=store["source"] == MEASURED).drop_vars("source")
    store["shape_bias_interval"] = store["shape_bias"] + xr.DataArray([-0.1, 0.1], {"bound": store["bound"]})
    return with_published(store, published or {}, {"overall_shape_bias": "shape_bias"})


def markers(ax):
    """Values and places of the markers of all categories, by colour."""
    points = [one for one in ax.collections if isinstance(one, PathCollection) and len(one.get_offsets()) == 16]
    return {to_hex(one.get_facecolor()[0]): one.get_offsets() for one in points}


def test_markers_of_a_pair_stand_side_by_side_and_are_joined():
    store, styles = with_styles(pair_store())
    (ax,) = noise_training(store, styles, {"net-b": "net-a"}).axes
    shown, x = markers(ax), np.arange(16)
    before, after = (shown[to_hex(colour)] for colour in (BEFORE, AFTER))
    for points, name in ((before, "net-a"), (after, "net-b")):
        np.testing.assert_array_equal(points[:, 1].filled(np.nan), store["shape_bias"].sel(observer=name))
    assert (before[:, 0] < x).all() and (after[:, 0] > x).all()
    steps = [line.get_ydata() for line in ax.lines if to_hex(line.get_color()) == to_hex(BEFORE)][-16:]
    np.testing.assert_array_equal(np.transpose(steps), store["shape_bias"].sel(observer=["net-a", "net-b"]))
    overall = {line.get_ydata()[0] for line in ax.lines if len(set(line.get_ydata())) == 1}
    assert set(store["overall_shape_bias"].sel(observer=["net-a", "net-b", "diffuser"]).values) <= overall


def test_noise_training_shows_the_reference_group_once_by_its_mean():
    store, styles = with_styles(pair_store())
    figure = noise_training(store, styles, {"net-b": "net-a"})
    values = store["overall_shape_bias"].to_series().map("{:.2f}".format)
    entry = f"Simulated observers: {values['simulated-mean']}"
    assert [text for text in labels(figure) if text.startswith("Simulated")] == [entry]
    assert f"Net B: {values['net-b']}" in labels(figure)


def test_published_network_of_a_pair_is_a_dashed_line_without_markers():
    noisy = {"Noisy": {"label": "Noisy net", "family": "discriminative", "observers": [], "shape_bias": 0.78}}
    store, styles = with_styles(pair_store(noisy))
    figure = noise_training(store, styles, {"Noisy": "net-a"})
    (ax,) = figure.axes
    dashed = {line.get_ydata()[0]: to_hex(line.get_color()) for line in ax.lines if line.get_linestyle() == "--"}
    assert dashed[0.78] == to_hex(AFTER) and to_hex(AFTER) not in markers(ax) and to_hex(BEFORE) in markers(ax)
    assert any(text.endswith(": 0.78, as published") for text in labels(figure))


@pytest.mark.parametrize("without_noise", [{}, {"net-b": "stranger"}])
def test_networks_without_a_pair_are_only_a_range(without_noise):
    store, styles = with_styles(pair_store())
    figure = noise_training(store, styles, without_noise)
    (ax,) = figure.axes
    shown = {to_hex(FAMILIES[family].colour) for family in ("simulated", "diffusion")}
    assert markers(ax).keys() == shown and labels(figure)[-1].startswith("Discriminative, 2 observers: ")
    nets = store["shape_bias"].sel(observer=["net-a", "net-b"])
    (bars,) = [one for one in ax.collections if isinstance(one, LineCollection) and one.get_linewidth()[0] == 3]
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    np.testing.assert_array_equal(ends, np.transpose([nets.min("observer"), nets.max("observer")]))


def test_cells_of_the_error_consistency_matrix_are_kappa():
    store, styles = with_styles(consistency_store())
    ax = error_consistency(store, styles, "cue-conflict", "Cue conflict").axes[0]
    shown = ax.collections[0].get_array().reshape(len(styles), len(styles)).filled(np.nan)
    kappa = store["kappa"].isel(cell=1).sel(observer=styles.index, other=styles.index).values
    np.testing.assert_array_equal(shown, np.where(np.eye(len(styles), dtype=bool), np.nan, kappa))
    assert ax.get_aspect() == 1


def test_means_of_blocks_stand_below_the_diagonal_and_strips_have_all_colours():
    store, styles = with_styles(consistency_store())
    ax = error_consistency(store, styles, "cue-conflict", "Cue conflict").axes[0]
    boxes = [text for text in ax.texts if text.get_bbox_patch()]
    assert boxes and all(text.get_position()[1] > text.get_position()[0] for text in boxes)
    strips = {to_hex(patch.get_facecolor()) for patch in ax.patches}
    shown = {"simulated", *MODELS.values()}
    assert strips == {FAMILIES[family].colour.lower() for family in shown}
