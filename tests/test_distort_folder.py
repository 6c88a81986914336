"""Distortions of a user's folder of images, and the command `distort`."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from generative_classifiers.__main__ import main
from generative_classifiers.io import stores
from generative_classifiers.io.errors import InputError
from generative_classifiers.stimuli import distortions
from generative_classifiers.stimuli.distort_folder import distort
from generative_classifiers.stimuli.folders import read_folder
from some_images import photographs

ROOT = Path(__file__).parents[1]
SIZE = 32


@pytest.fixture
def folder(tmp_path):
    """Five images of two categories, of several formats, and one without a category."""
    root = tmp_path / "images"
    names = ["cat/1.png", "cat/2.bmp", "cat/3.png", "teapot/1.png", "teapot/2.png", "flat.png"]
    for name, pixels in zip(names, photographs(SIZE, len(names)), strict=True):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(root / name)
    (root / "cat/.DS_Store").write_text("not an image")
    return root


def content(out):
    return sorted(path.name for path in out.iterdir())


def test_each_image_is_in_every_condition_of_every_dataset(folder, tmp_path):
    made = distort(folder, tmp_path / "out", size=SIZE)
    assert list(made) == distortions.OF_BENCHMARK
    assert content(tmp_path / "out") == sorted(f"{dataset}.zarr" for dataset in made)
    originals = read_folder(folder, SIZE)
    for dataset in made:
        row, found = distortions.DISTORTIONS[dataset], stores.read(made[dataset])
        assert found["image"].dims == ("image", "y", "x", "channel") and found["image"].dtype == np.uint8
        assert len(set(found["name"].values)) == found.sizes["image"] == 6 * len(row.strengths)
        for condition in row.strengths:
            here = found["image"].values[found["condition"].values == condition]
            names = originals["name"].values
            expected = distortions.distort(originals["image"].values, dataset, condition, names, 0)
            np.testing.assert_array_equal(here, expected)


def test_coordinates_are_name_category_and_condition(folder, tmp_path):
    made = distort(folder, tmp_path / "out", ["rotation"], size=SIZE, seed=4)
    with xr.open_zarr(made["rotation"], chunks=None) as found:
        assert found["name"].values[:7].tolist() == [
            "0/cat/1.png",
            "0/cat/2.png",
            "0/cat/3.png",
            "0/flat.png",
            "0/teapot/1.png",
            "0/teapot/2.png",
            "90/cat/1.png",
        ]
        assert found["category"].values[:6].tolist() == ["cat"] * 3 + [""] + ["teapot"] * 2
        assert found["condition"].values[::6].tolist() == ["0", "90", "180", "270"]
        assert found.attrs["seed"] == 4 and found.attrs["size"] == SIZE


def test_bytes_do_not_depend_on_the_size_of_batches(folder, tmp_path, monkeypatch):
    wanted = ["power-equalisation", "uniform-noise"]
    whole = distort(folder, tmp_path / "whole", wanted, size=SIZE)
    monkeypatch.setattr("generative_classifiers.stimuli.distort_folder.BATCH", 2)
    parts = distort(folder, tmp_path / "parts", wanted, size=SIZE)
    for dataset in wanted:
        files = [path.relative_to(whole[dataset]) for path in whole[dataset].rglob("*") if path.is_file()]
        assert files
        for file in files:
            assert (whole[dataset] / file).read_bytes() == (parts[dataset] / file).read_bytes()


def test_spread_shows_each_image_once_and_categories_evenly(tmp_path):
    folder = tmp_path / "images"
    for category in ("cat", "dog", "teapot"):
        (folder / category).mkdir(parents=True)
        for i, pixels in enumerate(photographs(16, 10)):
            Image.fromarray(pixels).save(folder / category / f"{i}.png")
    made = distort(folder, tmp_path / "out", ["rotation", "colour"], size=16, spread=True)
    for store in made.values():
        found = stores.read(store)
        shown = [name.partition("/")[2] for name in found["name"].values]
        assert len(shown) == len(set(shown)) == 30
        counts = Counter(zip(found["category"].values, found["condition"].values, strict=True))
        fair = 10 / len(set(found["condition"].values))
        assert all(int(fair) <= count <= int(np.ceil(fair)) for count in counts.values()), counts
    # By lot: not the first ones here and the last ones there.
    upright = stores.read(made["rotation"])
    upright = upright["name"].values[upright["condition"].values == "0"]
    assert [name[-5] for name in upright if "cat" in name] != [name[-5] for name in upright if "dog" in name]


def test_image_files_are_the_stimuli_of_the_store(folder, tmp_path):
    made = distort(folder, tmp_path / "out", ["false-colour"], size=SIZE, png=True)
    assert content(tmp_path / "out") == ["false-colour", "false-colour.zarr"]
    store = stores.read(made["false-colour"])
    files = read_folder(tmp_path / "out/false-colour", SIZE)
    pixels = dict(zip(files["name"].values, files["image"].values, strict=True))
    assert set(pixels) == set(store["name"].values)
    for name, expected in zip(store["name"].values, store["image"].values, strict=True):
        np.testing.assert_array_equal(pixels[name], expected)


def test_images_are_cropped_and_resized(tmp_path):
    (tmp_path / "images").mkdir()
    wide = np.zeros((16, 48, 3), np.uint8)
    wide[:, 16:32] = (10, 20, 30)
    Image.fromarray(wide).save(tmp_path / "images/wide.png")
    found = stores.read(distort(tmp_path / "images", tmp_path / "out", ["colour"], size=24)["colour"])
    assert found["image"].shape == (2, 24, 24, 3) and (found["image"].values[0] == (10, 20, 30)).all()


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (None, {"datasets": ["contrast", "fog"]}, "'fog' is no dataset; expected one of colour, contrast"),
        (None, {"size": 4}, "size 4: expected 16 to 65536"),
        (None, {"spread": True}, "images: 6 images; expected at least 8 to spread in contrast"),
        ("cat/notes.png", {}, r"cat/notes.png: not a readable image"),
        ("cat/2.png", {}, r"cat/2.bmp and cat/2.png would both be cat/2.png"),
        ("../out/contrast.zarr/zarr.json", {}, "contrast.zarr: exists and is not replaced"),
        ("../out/contrast/mine.txt", {}, "contrast: exists and is not replaced"),
    ],
)
def test_mistakes_are_errors_before_anything_is_written(folder, tmp_path, change, options, words):
    if change:
        (folder / change).parent.mkdir(parents=True, exist_ok=True)
        (folder / change).write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match=words):
        distort(folder, tmp_path / "out", **{"datasets": ["colour", "contrast"], "size": SIZE} | options)
    assert sorted(tmp_path.rglob("*")) == before


def test_output_inside_the_folder_or_at_a_file_is_an_error(folder, tmp_path):
    with pytest.raises(InputError, match="is inside the folder of images"):
        distort(folder, folder / "out", ["colour"], size=SIZE)
    with pytest.raises(InputError, match=r"flat\.png: is a file; expected a folder"):
        distort(folder / "cat", folder / "flat.png", ["colour"], size=SIZE)
    with pytest.raises(InputError, match="no such folder of images"):
        distort(tmp_path / "nowhere", tmp_path / "out", ["colour"], size=SIZE)
    assert not (tmp_path / "out").exists()


def test_finished_datasets_stay_when_a_later_one_fails(folder, tmp_path, monkeypatch):
    real = distortions.distort

    def fails(images, dataset, *more, **options):
        if dataset == "rotation":
            raise KeyboardInterrupt
        return real(images, dataset, *more, **options)

    monkeypatch.setattr(distortions, "distort", fails)
    with pytest.raises(KeyboardInterrupt):
        distort(folder, tmp_path / "out", ["colour", "rotation"], size=SIZE, png=True)
    assert content(tmp_path / "out") == ["colour", "colour.zarr"]


def test_command_prints_the_stores_and_does_not_replace_them(folder, tmp_path, capsys):
    given = ["distort", str(folder), str(tmp_path / "out"), "--datasets", "contrast,low-pass", "--size", "16", "--png"]
    assert main(given) == 0
    assert capsys.readouterr().out.split() == [f"{tmp_path}/out/contrast.zarr", f"{tmp_path}/out/low-pass.zarr"]
    assert (tmp_path / "out/low-pass/40/teapot/1.png").is_file()
    assert main(given) == 2
    assert "contrast.zarr: exists and is not replaced" in capsys.readouterr().err


def test_command_does_not_import_torch(folder, tmp_path):
    code = "import sys; from generative_classifiers.__main__ import main; main(); assert 'torch' not in sys.modules"
    given = ["distort", str(folder), str(tmp_path / "out"), "--datasets", "colour", "--size", "16"]
    done = subprocess.run([sys.executable, "-c", code, *given], cwd=ROOT / "scripts", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
