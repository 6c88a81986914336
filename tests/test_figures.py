"""Figures are the same bytes everywhere, show the observers that they should, and measure nothing."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from PIL import Image

from conftest import ROOT
from generative_classifiers.decisions.published_numbers import with_published
from generative_classifiers.figures import style
from generative_classifiers.figures.benchmark import benchmark_bars, benchmark_panels
from generative_classifiers.figures.error_consistency import error_consistency
from generative_classifiers.figures.observer_colours import shade_families, tint
from generative_classifiers.figures.plot_styles import faint_families, mark_faint, plot_styles
from generative_classifiers.figures.reconstructions import ambiguous_images, reconstructions
from generative_classifiers.figures.shape_bias_boxplots import shape_bias_boxplots
from generative_classifiers.figures.shape_bias_matrix import shape_bias_matrix
from generative_classifiers.io.errors import InputError
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.families import FAMILIES
from generative_classifiers.study.measures import MEASURES

LABELS = {
    "simulated": "Simulated observers",
    "diffuser": "Diffuser",
    "net-b": "Net B",
    "net-a": "Net A",
    "Imager": "Imager",
}
# The colour of the models that generate images.
BLUE = FAMILIES["diffusion"].colour
SUBJECTS = {"simulated-02": "simulated", "simulated-01": "simulated"}
PAPER = {"Imager": {"label": "Imager", "family": "diffusion", "observers": [], "shape_bias": 0.9}}
PAPER["Imager"] |= dict.fromkeys(MEASURES, 0.6)
MODELS = {"net-a": "discriminative", "net-b": "discriminative", "diffuser": "diffusion"}


def observers(families):
    """Coordinates of observers, given the family of each."""
    is_reference = [family == "simulated" for family in families.values()]
    on_observer = {"family": list(families.values()), "is_reference": is_reference}
    return {"observer": list(families), **{k: ("observer", v) for k, v in on_observer.items()}}


def shape_bias_store(models=MODELS):
    families = SUBJECTS | models | {"simulated": "simulated", "simulated-mean": "simulated"}
    bias = np.linspace(0, 1, len(families) * 16).reshape(16, -1).T
    bias[2, 3] = np.nan
    variables = {"shape_bias": (("observer", "category"), bias), "overall_shape_bias": ("observer", bias[:, 5])}
    variables["overall_shape_bias_interval"] = ("observer", "bound"), bias[:, 5:6] + [-0.1, 0.05]
    coords = observers(families) | {"category": list(CATEGORIES), "bound": ["lower", "upper"]}
    store = xr.Dataset(variables, coords, {"reference": "simulated"})
    return with_published(store, PAPER, {"overall_shape_bias": "shape_bias"})


def consistency_store(families=SUBJECTS | MODELS):
    n = len(families)
    kappa = np.stack([np.add.outer(np.arange(n), np.arange(n)) / n - 0.5] * 2, axis=-1)
    # One observer saw only the second dataset. Two observers never erred, so their kappa is undefined.
    observed = np.where(np.arange(n)[:, None, None] == 3, [np.nan, 1.0], np.ones((n, n, 2)))
    observed = observed * observed.transpose(1, 0, 2)
    kappa[1, 2] = kappa[2, 1] = np.nan
    variables = {"kappa": (("observer", "other", "cell"), kappa), "observed": (("observer", "other", "cell"), observed)}
    coords = observers(families) | {"other": list(families), "dataset": ("cell", ["edge", "cue-conflict"])}
    return xr.Dataset(variables, coords)


def ranking_store():
    families = {"simulated": "simulated"} | MODELS
    values = np.array([0.8, 0.5, 0.7, -0.1])
    variables = {measure: ("observer", values) for measure in MEASURES}
    variables |= {f"{name}_interval": (("observer", "bound"), values[:, None] + [-0.1, 0.05]) for name in MEASURES}
    coords = observers(families) | {"bound": ["lower", "upper"]}
    store = with_published(xr.Dataset(variables, coords), PAPER, {name: name for name in MEASURES})
    return store.assign(datasets=("observer", [17, 17, 3, 17, 17]), mean_rank=("observer", [np.nan, 3, np.nan, 2, 1]))


def example_images_store():
    rng, picture = np.random.default_rng(0), ("y", "x", "channel")
    pixels = {"stimulus": ("image",), "noised": ("image",), "reconstruction": ("image", "category")}
    sizes = {"image": 2, "category": 16, "y": 300, "x": 300, "channel": 3}
    variables = {
        name: ((*dims, *picture), rng.integers(0, 256, [sizes[dim] for dim in (*dims, *picture)], np.uint8))
        for name, dims in pixels.items()
    }
    variables["distance"] = ("image", "category"), rng.random((2, 16), np.float32)
    coords = {"name": ("image", ["stimulus.png", "cat-dog"]), "category": list(CATEGORIES), "time": 0.5, "sigma": 0.7}
    return xr.Dataset(variables, coords)


def with_styles(store):
    return store, plot_styles(store, LABELS)


def all_plots():
    """A figure of each kind, by name."""
    store = example_images_store()
    images, readings = store[["stimulus"]].rename(stimulus="image"), {"cat-dog": ("cat", "dog")}
    return {
        "matrix": shape_bias_matrix(*with_styles(shape_bias_store())),
        "boxplots": shape_bias_boxplots(*with_styles(shape_bias_store())),
        "consistency": error_consistency(*with_styles(consistency_store()), "cue-conflict", "Cue conflict"),
        "panels": benchmark_panels(*with_styles(ranking_store())),
        "bars": benchmark_bars(*with_styles(ranking_store()), "ood_accuracy"),
        "reconstructions": reconstructions(store, "stimulus.png", CATEGORIES, "Diffuser"),
        "ambiguous_images": ambiguous_images(images, readings, {"diffuser": store}, LABELS),
    }


def save_all_plots(folder):
    """Write a figure of each kind into a folder, in a process of its own."""
    for name, figure in all_plots().items():
        style.save(figure, Path(folder, f"{name}.pdf"), Path(folder, f"{name}.png"))
    foreign = [name for name in sys.modules if name.split(".")[0] in ("torch", "diffusers", "transformers")]
    assert not foreign + [name for name in sys.modules if name.startswith("generative_classifiers.metrics")]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The files of all figures, by name, as two processes write them in different surroundings."""
    surroundings = [
        {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "0"},
        {"TZ": "Asia/Kathmandu", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "42", "SOURCE_DATE_EPOCH": "1"},
    ]
    path = os.pathsep.join(str(ROOT / folder) for folder in ("scripts", "tests"))
    twice = []
    for i, variables in enumerate(surroundings):
        folder = tmp_path_factory.mktemp(f"place{i}")
        # The user's own settings must not matter either. matplotlib finds them in the working folder.
        (folder / "matplotlibrc").write_text(f"font.size: {10 + i}\naxes.facecolor: {'wy'[i]}\n")
        subprocess.run(
            [
                sys.executable,
                "-W",
                "error::UserWarning",
                "-c",
                "import test_figures; test_figures.save_all_plots('made')",
            ],
            cwd=folder,
            env=os.environ | variables | {"PYTHONPATH": path},
            check=True,
        )
        twice.append({file.name: file.read_bytes() for file in sorted((folder / "made").iterdir())})
    return twice


def test_figures_are_the_same_bytes_in_other_surroundings(written):
    here, there = written
    assert [name for name in here if here[name] != there[name]] == []
    assert list(here) == list(there) and len(here) == 14


def test_files_are_for_print_and_have_no_date(written, tmp_path):
    for name, content in written[0].items():
        if name.endswith(".pdf"):
            assert b"/FontFile2" in content and b"/Type3" not in content
            assert b"/CreationDate" not in content and b"/Producer" not in content
        else:
            (tmp_path / name).write_bytes(content)
            with Image.open(tmp_path / name) as image:
                assert set(image.info) <= {"dpi", "Description"} and round(image.info["dpi"][0]) == 300
                assert image.width / 300 <= style.DOUBLE


def test_observers_are_sorted_by_group_family_and_label():
    styles = plot_styles(shape_bias_store(), LABELS)
    reference = ["simulated", "simulated-mean", "simulated-01", "simulated-02"]
    assert list(styles.index) == [*reference, "diffuser", "Imager", "net-b", "net-a"]
    assert styles["label"]["simulated-01"] == "simulated 01" and styles["label"]["net-a"] == "Net A"
    assert list(styles["group"].unique()) == ["human", "generative", "discriminative"]
    assert list(styles["group_label"].unique()) == ["Simulated observers", "Generative", "Discriminative"]


def test_observers_of_a_family_have_shades_of_its_colour():
    styles = shade_families(plot_styles(ranking_store(), LABELS))
    assert styles["colour"]["diffuser"].upper() == BLUE
    grey = FAMILIES["discriminative"].colour
    assert styles["colour"]["net-b"].upper() == grey != styles["colour"]["net-a"].upper()


def test_error_names_an_unknown_family_and_its_observer():
    store = ranking_store().assign_coords(family=("observer", ["quantum"] * 5))
    with pytest.raises(InputError, match="simulated: family 'quantum' is unknown, expected one of human, simulated, "):
        plot_styles(store, LABELS)


def names(axis):
    return [text.get_text() for text in axis.get_ticklabels()]


def test_shape_bias_plots_show_the_reference_group_once():
    store, styles = with_styles(shape_bias_store())
    (ax,) = shape_bias_boxplots(store, styles).axes
    assert names(ax.yaxis) == ["Simulated observers", "Imager", "Diffuser", "Net B", "Net A"]
    (legend,) = shape_bias_matrix(store, styles).legends
    entries = [text.get_text().split(":")[0] for text in legend.get_texts()]
    assert entries == ["Simulated observers", "Diffuser", "Imager", "Net B", "Net A"]


def test_boxplots_sort_a_family_by_its_values():
    store, styles = with_styles(shape_bias_store())
    store["overall_shape_bias"].loc["net-a"] = 2
    (ax,) = shape_bias_boxplots(store, styles).axes
    assert names(ax.yaxis)[3:] == ["Net A", "Net B"]


def test_error_consistency_leaves_out_observers_that_did_not_see_the_dataset():
    store, styles = with_styles(consistency_store())
    ax = error_consistency(store, styles, "edge", "Edge").axes[0]
    assert names(ax.yaxis) == names(ax.xaxis) == ["simulated 01", "simulated 02", "Diffuser", "Net A"]
    ax = error_consistency(store, styles, "cue-conflict", "Cue conflict").axes[0]
    assert "Net B" in names(ax.yaxis)


def test_error_consistency_shows_the_mean_of_every_block():
    store, styles = with_styles(consistency_store())
    ax = error_consistency(store, styles, "cue-conflict", "Cue conflict").axes[0]
    kappa = store["kappa"].isel(cell=1).to_pandas()
    expected = np.nanmean(kappa.loc[list(SUBJECTS), ["net-a", "net-b"]])
    # The matrix is symmetric, and means stand below the diagonal only.
    assert [text.get_text() for text in ax.texts].count(f"{expected:.2f}") == 1


def test_error_consistency_refuses_a_dataset_without_exactly_one_condition():
    store, styles = with_styles(consistency_store())
    with pytest.raises(InputError, match="colour: 0 conditions in the store, expected one"):
        error_consistency(store, styles, "colour", "Colour")


def test_benchmark_leaves_out_partial_observers_and_sorts_models_from_the_best():
    axes = benchmark_panels(*with_styles(ranking_store())).axes
    assert names(axes[0].yaxis) == ["Simulated observers", "Imager", "Diffuser", "Net A"]
    (ax,) = benchmark_bars(*with_styles(ranking_store()), "ood_accuracy").axes
    assert names(ax.xaxis) == ["Simulated observers", "Imager", "Net A", "Diffuser"]
    (ax,) = benchmark_bars(*with_styles(ranking_store()), "accuracy_difference").axes
    assert names(ax.xaxis) == ["Simulated observers", "Diffuser", "Net A", "Imager"]


def test_bars_of_published_values_are_hollow_and_have_no_interval():
    figure = benchmark_bars(*with_styles(ranking_store()), "error_consistency")
    (ax,) = figure.axes
    columns = dict(zip(names(ax.xaxis), ax.patches, strict=True))
    assert to_hex(columns["Diffuser"].get_facecolor()) == to_hex(columns["Imager"].get_edgecolor()) == to_hex(BLUE)
    assert min(columns["Imager"].get_facecolor()[:3]) > 0.7 and columns["Imager"].get_height() == 0.6
    segments = [segment for lines in ax.collections for segment in lines.get_segments()]
    heights = [tuple(segment[:, 1]) for segment in segments if len(segment)]
    assert heights == [pytest.approx((value - 0.1, value + 0.05)) for value in (0.8, 0.5, -0.1)]
    assert "as published, not measured" in legend_texts(figure)


def legend_texts(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_legend_does_not_mention_published_values_that_are_not_shown():
    store = ranking_store()
    measured = store.sel(observer=store["source"] == "measured")
    assert not any("published" in text for text in legend_texts(benchmark_panels(*with_styles(measured))))


def test_published_shape_bias_is_one_coloured_diamond_without_categories():
    figure = shape_bias_matrix(*with_styles(shape_bias_store()))
    assert "Imager: 0.90, as published" in legend_texts(figure)
    figure = shape_bias_boxplots(*with_styles(shape_bias_store()))
    (ax,) = figure.axes
    diamonds = [line for line in ax.lines if line.get_marker() == "D"]
    colours = {line.get_ydata()[0]: line.get_markerfacecolor() for line in diamonds}
    assert [colours[y] for y in range(5)] == ["white", tint(BLUE, 0.75), *["white"] * 3]
    dots = [len(points.get_offsets()) for points in ax.collections if isinstance(points, PathCollection)]
    assert sorted(dots) == [0, 15, 16, 16, 16]
    assert "as published, not measured" in legend_texts(figure)


def test_labels_of_many_bars_do_not_overlap():
    models = {f"network-{i}": "discriminative" for i in range(66)}
    n = len(models) + 1
    store = xr.Dataset({"datasets": ("observer", [17] * n), "mean_rank": ("observer", range(n))})
    for name in MEASURES:
        values = np.linspace(0.1, 0.9, n)
        store[name] = "observer", values
        store[f"{name}_interval"] = ("observer", "bound"), np.stack([values, values], axis=-1)
    store = store.assign_coords(observers({"simulated": "simulated"} | models) | {"bound": ["lower", "upper"]})
    styles = plot_styles(store, {name: "A network of an ordinary name" for name in models})
    for figure, axis, ends in (
        (benchmark_panels(store, styles), "yaxis", "y"),
        (benchmark_bars(store, styles, "ood_accuracy"), "yaxis", "y"),
    ):
        with style.paper():
            figure.draw_without_rendering()
        assert figure.get_figwidth() <= style.DOUBLE and figure.get_figheight() < 11
        boxes = [text.get_window_extent() for text in getattr(figure.axes[0], axis).get_ticklabels()]
        extents = sorted((getattr(box, f"{ends}0"), getattr(box, f"{ends}1")) for box in boxes)
        assert all(here[1] <= there[0] for here, there in pairwise(extents))
        assert min(box.x0 for box in boxes) >= 0 and min(box.y0 for box in boxes) >= 0


def test_tint_goes_from_the_colour_to_white():
    assert tint("#204060", 0) == "#204060" and tint("#204060", 1) == "#ffffff"


def test_bars_of_many_observers_are_in_two_panels_with_the_same_reference():
    models = {f"network-{i}": "discriminative" for i in range(40)}
    store = ranking_store().isel(observer=[0] * 41).assign_coords(observers({"simulated": "simulated"} | models))
    left, right = benchmark_bars(store, plot_styles(store, LABELS), "ood_accuracy").axes
    assert len(names(left.yaxis)) == 21 and len(names(right.yaxis)) == 20
    lines = [{line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == "--"} for ax in (left, right)]
    assert lines == [{0.8}, {0.8}]


def test_matrix_shows_highlighted_observers_and_the_ranges_of_the_others():
    nets, others = [f"network-{i}" for i in range(8)], [f"other-{i}" for i in range(6)]
    store = shape_bias_store(dict.fromkeys(nets, "discriminative") | dict.fromkeys(others, "contrastive"))
    figure = shape_bias_matrix(store, plot_styles(store, LABELS, ["network-2"]))
    overall, groups = store["overall_shape_bias"].to_series(), {"Discriminative, 7 others": nets[:2] + nets[3:]}
    groups["Contrastive, 6 observers"] = others
    entries = [
        f"{name}: {overall[members].min():.2f} to {overall[members].max():.2f}" for name, members in groups.items()
    ]
    assert legend_texts(figure)[2:] == [f"network 2: {overall['network-2']:.2f}", *entries]
    bars = [
        bar for bar in figure.axes[0].collections if isinstance(bar, LineCollection) and bar.get_linewidth()[0] == 3
    ]
    for bar, members in zip(bars, groups.values(), strict=True):
        shares = [
            *store["shape_bias"].sel(observer=members).transpose(),
            store["overall_shape_bias"].sel(observer=members),
        ]
        spans = [(share.min().item(), share.max().item()) for share in shares]
        np.testing.assert_array_equal([segment[:, 0] for segment in bar.get_segments()], spans)


def test_networks_that_run_here_and_those_with_published_decisions_count_as_one_family():
    nets, others = [f"network-{i}" for i in range(3)], [f"other-{i}" for i in range(4)]
    store = shape_bias_store(dict.fromkeys(nets, "discriminative") | dict.fromkeys(others, "published"))
    styles = mark_faint(plot_styles(store, LABELS, ["other-1"]))
    assert styles.index[styles["faint"]].tolist() == [*nets, "other-0", "other-2", "other-3"]
    ((text, members),) = faint_families(styles)
    assert text == "Discriminative, 6 others" and members.index.tolist() == styles.index[styles["faint"]].tolist()


@pytest.mark.parametrize("length", [5, 30, 60])
def test_legends_have_as_many_columns_as_fit(length):
    figure = Figure(figsize=(style.DOUBLE, 3))
    style.legend(figure, [Patch(label=f"{i}" * length) for i in range(9)], columns=4)
    with style.paper():
        figure.draw_without_rendering()
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.x1 and len(figure.legends) == 1
    assert (figure.legends[0]._ncols == 4) == (length == 5)


def test_labels_of_many_boxes_do_not_overlap():
    store = shape_bias_store({f"network-{i}": "discriminative" for i in range(80)})
    figure = shape_bias_boxplots(*with_styles(store))
    with style.paper():
        figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].get_yticklabels()]
    assert all(lower.y1 <= upper.y0 for upper, lower in pairwise(boxes)) and figure.get_figheight() < 11


@pytest.mark.parametrize("models", [2, 40, 84])
def test_labels_of_the_error_consistency_matrix_do_not_overlap(models):
    store = consistency_store(SUBJECTS | {f"network-{i}": "discriminative" for i in range(models)})
    figure = error_consistency(*with_styles(store), "cue-conflict", "Cue conflict")
    with style.paper():
        figure.draw_without_rendering()
    matrix = figure.axes[0]
    for side in [matrix, *(side for side in matrix.child_axes if names(side.yaxis))]:
        boxes = [text.get_window_extent() for text in side.get_yticklabels()]
        assert all(lower.y1 <= upper.y0 for upper, lower in pairwise(boxes))
        assert min(box.x0 for box in boxes) >= 0 and max(box.x1 for box in boxes) <= figure.bbox.x1
        assert all(text.get_fontsize() >= 5 for text in side.get_yticklabels())
    assert figure.get_figwidth() <= style.DOUBLE
