"""Figures are the same bytes anywhere, show whom they should, and measure nothing."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from conftest import ROOT
from generative_classifiers.categories import CATEGORIES
from generative_classifiers.errors import InputError
from generative_classifiers.figures import style
from generative_classifiers.figures.benchmark import MEASURES, benchmark
from generative_classifiers.figures.consistency_matrix import consistency_matrix
from generative_classifiers.figures.roster import roster, shaded, spans
from generative_classifiers.figures.shape_bias import boxplots, matrix

FAMILIES = {
    "simulated": {"label": "Simulated observers", "group": "human", "colour": "#D55E00", "marker": "D"},
    "diffusion": {"label": "Diffusion", "group": "generative", "colour": "#0072B2", "marker": "o"},
    "discriminative": {"label": "Discriminative", "group": "discriminative", "colour": "#4D4D4D", "marker": "v"},
}
LABELS = {"simulated": "Simulated observers", "painter": "Painter", "net-b": "Net B", "net-a": "Net A"}
SUBJECTS = {"simulated-02": "simulated", "simulated-01": "simulated"}
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
    coords = observers(families) | {"category": list(CATEGORIES)}
    return xr.Dataset(variables, coords, {"reference": "simulated"})


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


def benchmark_store():
    families = {"simulated": "simulated"} | MODELS
    values = {measure: ("observer", np.array([0.8, 0.5, 0.7, -0.1])) for measure in MEASURES}
    datasets = {"datasets": ("observer", [17, 17, 3, 17]), "mean_rank": ("observer", [np.nan, 2, np.nan, 1])}
    return xr.Dataset(values | datasets, observers(families), {"reference": "simulated"})


def drawn(store):
    return store, roster(store, LABELS, FAMILIES)


def figures():
    """All kinds of figures."""
    yield "matrix", matrix(*drawn(shape_bias_store()))
    yield "boxplots", boxplots(*drawn(shape_bias_store()))
    yield "consistency", consistency_matrix(*drawn(consistency_store()), "cue-conflict", "Cue conflict")
    yield "benchmark", benchmark(*drawn(benchmark_store()))


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
    assert list(here) == list(there) and len(here) == 8


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
    rows = roster(shape_bias_store(), LABELS, FAMILIES)
    reference = ["simulated", "simulated-mean", "simulated-01", "simulated-02"]
    assert list(rows.index) == [*reference, "painter", "net-b", "net-a"]
    assert rows["label"]["simulated-01"] == "simulated 01" and rows["label"]["net-a"] == "Net A"
    assert list(rows["group"].unique()) == ["Simulated observers", "Generative", "Discriminative"]


def test_family_has_one_colour_in_shades():
    rows = shaded(roster(benchmark_store(), LABELS, FAMILIES))
    assert rows["colour"]["painter"].upper() == FAMILIES["diffusion"]["colour"]
    assert rows["colour"]["net-b"].upper() == FAMILIES["discriminative"]["colour"] != rows["colour"]["net-a"].upper()


def test_unknown_family_is_named():
    families = {name: look for name, look in FAMILIES.items() if name != "diffusion"}
    with pytest.raises(InputError, match="painter: its family diffusion is none of simulated, discriminative"):
        roster(benchmark_store(), LABELS, families)


def test_spans():
    assert spans("aabccc") == [("a", 0, 2), ("b", 2, 3), ("c", 3, 6)]


def names(axis):
    return [text.get_text() for text in axis.get_ticklabels()]


def test_shape_bias_shows_the_reference_group_once():
    store, rows = drawn(shape_bias_store())
    (ax,) = boxplots(store, rows).axes
    assert names(ax.yaxis) == ["Simulated observers", "Painter", "Net B", "Net A"]
    (legend,) = matrix(store, rows).legends
    entries = [text.get_text().split(":")[0] for text in legend.get_texts()]
    assert entries == ["Simulated observers", "Painter", "Net B", "Net A"]


def test_boxplots_sort_a_family_by_its_values():
    store, rows = drawn(shape_bias_store())
    store["overall_shape_bias"].loc["net-a"] = 2
    (ax,) = boxplots(store, rows).axes
    assert names(ax.yaxis)[2:] == ["Net A", "Net B"]


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
    assert [text.get_text() for text in ax.texts].count(f"{expected:.2f}") >= 2


def test_matrix_wants_one_condition():
    store, rows = drawn(consistency_store())
    with pytest.raises(InputError, match="colour: 0 conditions in the store, expected one"):
        consistency_matrix(store, rows, "colour", "Colour")


def test_benchmark_leaves_out_partial_observers_and_sorts_by_rank():
    axes = benchmark(*drawn(benchmark_store())).axes
    assert names(axes[0].yaxis) == ["Simulated observers", "Painter", "Net A"]
    (ax,) = benchmark(*drawn(benchmark_store()), ["ood_accuracy"]).axes
    assert names(ax.yaxis) == ["Simulated observers", "Net A", "Painter"]


@pytest.mark.parametrize("models", [2, 40])
def test_labels_do_not_overlap(models):
    store = consistency_store(SUBJECTS | {f"network-{i}": "discriminative" for i in range(models)})
    figure = consistency_matrix(*drawn(store), "cue-conflict", "Cue conflict")
    with style.paper():
        figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].get_yticklabels()]
    assert all(lower.y1 <= upper.y0 for upper, lower in pairwise(boxes))
    assert min(box.x0 for box in boxes) >= 0
