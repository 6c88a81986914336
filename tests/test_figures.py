"""Figures are the same bytes anywhere, show whom they should, and measure nothing."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from PIL import Image

from conftest import ROOT
from generative_classifiers.decisions.published_numbers import with_published
from generative_classifiers.figures import style
from generative_classifiers.figures.benchmark import MEASURES, panels, skyline
from generative_classifiers.figures.consistency_matrix import consistency_matrix
from generative_classifiers.figures.example_images import ambiguous_images, method
from generative_classifiers.figures.plot_styles import plot_styles, shaded, spans, tint
from generative_classifiers.figures.shape_bias import boxplots, matrix
from generative_classifiers.io.errors import InputError
from generative_classifiers.study.categories import CATEGORIES

FAMILIES = {
    "simulated": {"label": "Simulated observers", "group": "human", "colour": "#D55E00", "marker": "D"},
    "diffusion": {"label": "Diffusion", "group": "generative", "colour": "#0072B2", "marker": "o"},
    "discriminative": {"label": "Discriminative", "group": "discriminative", "colour": "#4D4D4D", "marker": "v"},
}
LABELS = {
    "simulated": "Simulated observers",
    "painter": "Painter",
    "net-b": "Net B",
    "net-a": "Net A",
    "Mural": "Mural",
}
SUBJECTS = {"simulated-02": "simulated", "simulated-01": "simulated"}
PAPER = {"Mural": {"label": "Mural", "family": "diffusion", "observers": [], "shape_bias": 0.9}}
PAPER["Mural"] |= dict.fromkeys(MEASURES, 0.6)
MODELS = {"net-a": "discriminative", "net-b": "discriminative", "painter": "diffusion"}


def observers(families):
    """Coordinates of observers, given the family of each."""
    is_reference = [family == "simulated" for family in families.values()]
    on_observer = {"family": list(families.values()), "is_reference": is_reference}
    return {"observer": list(families), **{k: ("observer", v) for k, v in on_observer.items()}}


def shape_bias_store():
    families = SUBJECTS | MODELS | {"simulated": "simulated", "simulated-mean": "simulated"}
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
    # One saw only the second dataset; two never erred, so that their kappa is undefined.
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


def exhibits_store():
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


def drawn(store):
    return store, plot_styles(store, LABELS, FAMILIES)


def figures():
    """All kinds of figures."""
    yield "matrix", matrix(*drawn(shape_bias_store()))
    yield "boxplots", boxplots(*drawn(shape_bias_store()))
    yield "consistency", consistency_matrix(*drawn(consistency_store()), "cue-conflict", "Cue conflict")
    yield "panels", panels(*drawn(ranking_store()))
    yield "skyline", skyline(*drawn(ranking_store()), "ood_accuracy")
    yield "method", method(exhibits_store(), "stimulus.png", CATEGORIES, "Painter")
    images = exhibits_store()[["stimulus"]].rename(stimulus="image")
    yield (
        "ambiguous_images",
        ambiguous_images(images, {"cat-dog": ("cat", "dog")}, {"painter": exhibits_store()}, LABELS),
    )


def render(folder):
    """Draw all kinds of figures into a folder; what another process is asked to do."""
    for name, figure in figures():
        style.save(figure, Path(folder, f"{name}.pdf"), Path(folder, f"{name}.png"))
    foreign = [name for name in sys.modules if name.split(".")[0] in ("torch", "diffusers", "transformers")]
    assert not foreign + [name for name in sys.modules if name.startswith("generative_classifiers.metrics")]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """All figures, by file name, drawn by two processes in different surroundings."""
    surroundings = [
        {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "0"},
        {"TZ": "Asia/Kathmandu", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "42", "SOURCE_DATE_EPOCH": "1"},
    ]
    path = os.pathsep.join(str(ROOT / folder) for folder in ("scripts", "tests"))
    twice = []
    for i, variables in enumerate(surroundings):
        folder = tmp_path_factory.mktemp(f"place{i}")
        # The user's own taste must not matter either; matplotlib finds it in the working folder.
        (folder / "matplotlibrc").write_text(f"font.size: {10 + i}\naxes.facecolor: {'wy'[i]}\n")
        subprocess.run(
            [sys.executable, "-W", "error::UserWarning", "-c", "import test_figures; test_figures.render('drawn')"],
            cwd=folder,
            env=os.environ | variables | {"PYTHONPATH": path},
            check=True,
        )
        twice.append({file.name: file.read_bytes() for file in sorted((folder / "drawn").iterdir())})
    return twice


def test_same_bytes_anywhere(rendered):
    here, there = rendered
    assert [name for name in here if here[name] != there[name]] == []
    assert list(here) == list(there) and len(here) == 14


def test_files_are_for_print_and_say_nothing_of_their_making(rendered, tmp_path):
    for name, content in rendered[0].items():
        if name.endswith(".pdf"):
            assert b"/FontFile2" in content and b"/Type3" not in content
            assert b"/CreationDate" not in content and b"atplotlib" not in content
        else:
            (tmp_path / name).write_bytes(content)
            with Image.open(tmp_path / name) as image:
                assert set(image.info) <= {"dpi"} and round(image.info["dpi"][0]) == 300
                assert image.width / 300 <= style.DOUBLE


def test_roster_is_in_drawing_order():
    rows = plot_styles(shape_bias_store(), LABELS, FAMILIES)
    reference = ["simulated", "simulated-mean", "simulated-01", "simulated-02"]
    assert list(rows.index) == [*reference, "painter", "Mural", "net-b", "net-a"]
    assert rows["label"]["simulated-01"] == "simulated 01" and rows["label"]["net-a"] == "Net A"
    assert list(rows["group"].unique()) == ["Simulated observers", "Generative", "Discriminative"]


def test_family_has_one_colour_in_shades():
    rows = shaded(plot_styles(ranking_store(), LABELS, FAMILIES))
    assert rows["colour"]["painter"].upper() == FAMILIES["diffusion"]["colour"]
    assert rows["colour"]["net-b"].upper() == FAMILIES["discriminative"]["colour"] != rows["colour"]["net-a"].upper()


def test_unknown_family_is_named():
    families = {name: look for name, look in FAMILIES.items() if name != "diffusion"}
    with pytest.raises(InputError, match="painter: its family diffusion is none of simulated, discriminative"):
        plot_styles(ranking_store(), LABELS, families)


def test_spans():
    assert spans("aabccc") == [("a", 0, 2), ("b", 2, 3), ("c", 3, 6)]


def names(axis):
    return [text.get_text() for text in axis.get_ticklabels()]


def test_shape_bias_shows_the_reference_group_once():
    store, rows = drawn(shape_bias_store())
    (ax,) = boxplots(store, rows).axes
    assert names(ax.yaxis) == ["Simulated observers", "Mural", "Painter", "Net B", "Net A"]
    (legend,) = matrix(store, rows).legends
    entries = [text.get_text().split(":")[0] for text in legend.get_texts()]
    assert entries == ["Simulated observers", "Painter", "Mural", "Net B", "Net A"]


def test_boxplots_sort_a_family_by_its_values():
    store, rows = drawn(shape_bias_store())
    store["overall_shape_bias"].loc["net-a"] = 2
    (ax,) = boxplots(store, rows).axes
    assert names(ax.yaxis)[3:] == ["Net A", "Net B"]


def test_matrix_leaves_out_who_did_not_see_the_dataset():
    store, rows = drawn(consistency_store())
    ax = consistency_matrix(store, rows, "edge", "Edge").axes[0]
    assert names(ax.yaxis) == names(ax.xaxis) == ["simulated 01", "simulated 02", "Painter", "Net A"]
    ax = consistency_matrix(store, rows, "cue-conflict", "Cue conflict").axes[0]
    assert "Net B" in names(ax.yaxis)


def test_matrix_annotates_the_mean_of_every_block():
    store, rows = drawn(consistency_store())
    ax = consistency_matrix(store, rows, "cue-conflict", "Cue conflict").axes[0]
    kappa = store["kappa"].isel(cell=1).to_pandas()
    expected = np.nanmean(kappa.loc[list(SUBJECTS), ["net-a", "net-b"]])
    # The matrix is symmetric: once below the diagonal.
    assert [text.get_text() for text in ax.texts].count(f"{expected:.2f}") == 1


def test_matrix_wants_one_condition():
    store, rows = drawn(consistency_store())
    with pytest.raises(InputError, match="colour: 0 conditions in the store, expected one"):
        consistency_matrix(store, rows, "colour", "Colour")


def test_benchmark_leaves_out_partial_observers_and_sorts_by_rank():
    axes = panels(*drawn(ranking_store())).axes
    assert names(axes[0].yaxis) == ["Simulated observers", "Mural", "Painter", "Net A"]
    (ax,) = skyline(*drawn(ranking_store()), "ood_accuracy").axes
    assert names(ax.xaxis) == ["Simulated observers", "Mural", "Net A", "Painter"]
    (ax,) = skyline(*drawn(ranking_store()), "accuracy_difference").axes
    assert names(ax.xaxis) == ["Simulated observers", "Painter", "Net A", "Mural"]


def test_what_is_as_published_is_hollow_and_has_no_interval():
    figure = skyline(*drawn(ranking_store()), "error_consistency")
    (ax,) = figure.axes
    columns = dict(zip(names(ax.xaxis), ax.patches, strict=True))
    blue = FAMILIES["diffusion"]["colour"]
    assert to_hex(columns["Painter"].get_facecolor()) == to_hex(columns["Mural"].get_edgecolor()) == to_hex(blue)
    assert min(columns["Mural"].get_facecolor()[:3]) > 0.7 and columns["Mural"].get_height() == 0.6
    segments = [segment for lines in ax.collections for segment in lines.get_segments()]
    heights = [tuple(segment[:, 1]) for segment in segments if len(segment)]
    assert heights == [pytest.approx((value - 0.1, value + 0.05)) for value in (0.8, 0.5, -0.1)]
    assert "as published, not measured" in legend_texts(figure)


def legend_texts(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_nothing_as_published_nothing_in_the_legend():
    store = ranking_store()
    measured = store.sel(observer=store["source"] == "measured")
    assert not any("published" in text for text in legend_texts(panels(*drawn(measured))))


def test_published_shape_bias_is_one_value():
    figure = matrix(*drawn(shape_bias_store()))
    assert "Mural: 0.90, as published" in legend_texts(figure)
    figure = boxplots(*drawn(shape_bias_store()))
    (ax,) = figure.axes
    # A line for each white diamond, and one for the coloured one.
    diamonds = [line for line in ax.lines if line.get_marker() == "D"]
    colours = {line.get_ydata()[0]: line.get_markerfacecolor() for line in diamonds}
    assert [colours[y] for y in range(5)] == ["white", tint(FAMILIES["diffusion"]["colour"], 0.75), *["white"] * 3]
    dots = [len(points.get_offsets()) for points in ax.collections if isinstance(points, PathCollection)]
    assert sorted(dots) == [0, 15, 16, 16, 16]
    assert "as published, not measured" in legend_texts(figure)


def test_a_crowd_has_room_for_its_labels():
    models = {f"network-{i}": "discriminative" for i in range(66)}
    n = len(models) + 1
    store = xr.Dataset({"datasets": ("observer", [17] * n), "mean_rank": ("observer", range(n))})
    for name in MEASURES:
        values = np.linspace(0.1, 0.9, n)
        store[name] = "observer", values
        store[f"{name}_interval"] = ("observer", "bound"), np.stack([values, values], axis=-1)
    store = store.assign_coords(observers({"simulated": "simulated"} | models) | {"bound": ["lower", "upper"]})
    rows = plot_styles(store, {name: "A network of an ordinary name" for name in models}, FAMILIES)
    for figure, axis, ends in (
        (panels(store, rows), "yaxis", "y"),
        (skyline(store, rows, "ood_accuracy"), "xaxis", "x"),
    ):
        with style.paper():
            figure.draw_without_rendering()
        boxes = [text.get_window_extent() for text in getattr(figure.axes[0], axis).get_ticklabels()]
        spans = sorted((getattr(box, f"{ends}0"), getattr(box, f"{ends}1")) for box in boxes)
        assert all(here[1] <= there[0] for here, there in pairwise(spans))
        assert min(box.x0 for box in boxes) >= 0 and min(box.y0 for box in boxes) >= 0


def test_tint():
    assert tint("#204060", 0) == "#204060" and tint("#204060", 1) == "#ffffff" and tint("#000000", 0.5) == "#808080"


@pytest.mark.parametrize("models", [2, 40])
def test_labels_do_not_overlap(models):
    store = consistency_store(SUBJECTS | {f"network-{i}": "discriminative" for i in range(models)})
    figure = consistency_matrix(*drawn(store), "cue-conflict", "Cue conflict")
    with style.paper():
        figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].get_yticklabels()]
    assert all(lower.y1 <= upper.y0 for upper, lower in pairwise(boxes))
    assert min(box.x0 for box in boxes) >= 0
