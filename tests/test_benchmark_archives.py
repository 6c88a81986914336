"""Archives of the benchmark: the images that observers saw, or an error that names the image."""

import csv
import io
import tarfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from generative_classifiers.decisions.csv_files import read_answers
from generative_classifiers.decisions.side_by_side import images_seen
from generative_classifiers.io.errors import InputError
from generative_classifiers.stimuli.benchmark_archives import read_stimuli
from generative_classifiers.study.benchmark_names import image_name, texture_category


def png(shade=0, size=(224, 224), mode="RGB"):
    file = io.BytesIO()
    Image.new(mode, size, shade if mode == "L" else (shade,) * 3).save(file, "png")
    return file.getvalue()


def bomb(side=60_000):
    """A small PNG that declares a huge size."""
    file = bytearray(png())
    header = b"IHDR" + side.to_bytes(4) * 2 + bytes(file[24:29])
    file[12:33] = header + zlib.crc32(header).to_bytes(4)
    return bytes(file)


def table(*rows):
    names, categories, conditions = zip(*sorted(rows), strict=True)
    return pd.DataFrame({"category": categories, "condition": conditions}, index=list(names))


SEEN = table(("bird1-cat2.png", "bird", "all"), ("bird2-bird1.png", "bird", "all"), ("cat1-dog3.png", "cat", "all"))


@pytest.fixture
def pack(tmp_path):
    """Make an archive of cue-conflict, with some members replaced, or left out where the content is None."""

    def make(**changes):
        paths = [f"cue-conflict/{row.category}/{name}" for name, row in SEEN.iterrows()]
        contents = {path: png(shade) for shade, path in enumerate(paths, start=1)}
        contents.update({f"cue-conflict/{path}": content for path, content in changes.get("with_", {}).items()})
        return write(tmp_path / "cue-conflict.tar.gz", contents)

    return make


def write(path, contents):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in sorted(contents.items(), reverse=True):
            if content is not None:
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return path


def test_stimuli_are_sorted_by_name_and_hidden_files_ignored(pack):
    archive = pack(with_={".DS_Store": b"", "bird/._bird1-cat2.png": b"", "LICENSE": b"CC BY"})
    stimuli = read_stimuli(archive, "cue-conflict", SEEN)
    assert stimuli.image.dims == ("image", "y", "x", "channel") and stimuli.image.dtype == np.uint8
    assert stimuli.image.shape == (3, 224, 224, 3) and stimuli.image[:, 0, 0, 0].values.tolist() == [1, 2, 3]
    assert stimuli.name.values.tolist() == list(SEEN.index)
    assert stimuli.category.values.tolist() == ["bird", "bird", "cat"]
    assert stimuli.texture_category.values.tolist() == ["cat", "bird", "dog"]
    assert set(stimuli.condition.values) == {"all"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cat/cat1-dog3.png": None}, r"cat1-dog3\.png is missing; expected 3 images"),
        ({"cat/cat9-dog9.png": png()}, r"cat/cat9-dog9\.png is unexpected"),
        ({"bird/cat1-dog3.png": png()}, "is bird in condition all; observers saw it as cat"),
        ({"./cat/cat1-dog3.png": png()}, r"cat1-dog3\.png' occurs twice"),
        ({"cat/more/cat1-dog3.png": png()}, "expected the path cue-conflict/<category>/<image>"),
        ({"cat/cat1-dog3.png": png(size=(224, 223))}, "224 x 223 pixels in RGB; expected 224 x 224"),
        ({"cat/cat1-dog3.png": png(mode="L")}, "224 x 224 pixels in L; expected 224 x 224 in RGB"),
        ({"cat/cat1-dog3.png": b"GIF89a"}, "not a readable PNG"),
        ({"cat/cat1-dog3.png": b""}, "not a readable PNG"),
        ({"cat/cat1-dog3.png": png()[:-60]}, "not a readable PNG"),
        (
            {"cat/cat1-dog3.png": bomb()},
            r"image cue-conflict/cat/cat1-dog3\.png: not a readable PNG image \(Image size",
        ),
    ],
)
def test_other_content_is_an_error_that_names_archive_and_image(pack, change, message):
    with pytest.raises(InputError, match=rf"cue-conflict\.tar\.gz: .*{message}"):
        read_stimuli(pack(with_=change), "cue-conflict", SEEN)


def folder_of(root, paths, size=(224, 224)):
    for shade, path in enumerate(paths, start=1):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(png(shade, size))
    return root


def test_stimuli_may_be_a_folder(tmp_path, capsys):
    folder = folder_of(tmp_path / "mine", [f"{row.category}/{name}" for name, row in SEEN.iterrows()], size=(500, 300))
    (folder / "Thumbs.db").write_bytes(b"x")
    stimuli = read_stimuli(folder, "cue-conflict", SEEN)
    assert stimuli.image.shape == (3, 224, 224, 3) and stimuli.image[:, 0, 0, 0].values.tolist() == [1, 2, 3]
    assert stimuli.name.values.tolist() == list(SEEN.index) and set(stimuli.condition.values) == {"all"}
    assert capsys.readouterr().err == f"{folder}: skipped 1 file that is hidden or not an image, 'Thumbs.db'\n"


def test_folders_of_conditions_are_those_of_the_dataset(tmp_path):
    seen = table(("a.png", "oven", "0.5"), ("b.png", "bear", "1"))
    stimuli = read_stimuli(folder_of(tmp_path / "mine", ["0.5/oven/a.png", "1/bear/x_b.png"]), "contrast", seen)
    assert stimuli.condition.values.tolist() == ["0.5", "1"] and stimuli.image[1, 0, 0, 0] == 2


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (["oven/a.png", "1/bear/b.png"], "image oven/a.png: expected the path <condition>/<category>/<image>"),
        (["a.png", "1/bear/b.png"], "image a.png: expected the path <condition>/<category>/<image>"),
        (["0.5/oven/a.png"], "image b.png is missing; expected 2 images"),
        (
            ["0.5/oven/a.png", "0.5/bear/b.png"],
            "image 0.5/bear/b.png is bear in condition 0.5; observers",
        ),
        (["0.5/oven/a.png", "1/bear/b.png", "1/bear/c.png"], "image 1/bear/c.png is unexpected"),
        (["0.5/oven/a.png", "0.5/oven/x_a.png", "1/bear/b.png"], "image a.png occurs twice, again as 0.5/oven/x_a.png"),
    ],
)
def test_other_folders_are_errors_that_name_folder_and_image(tmp_path, paths, message):
    seen = table(("a.png", "oven", "0.5"), ("b.png", "bear", "1"))
    with pytest.raises(InputError, match=f"mine: {message}"):
        read_stimuli(folder_of(tmp_path / "mine", paths), "contrast", seen)


def test_names_of_trials_give_category_and_condition(tmp_path):
    seen = table(("n04111531_1.png", "oven", "1-10-10"), ("n02134084_2.png", "bear", "2-10-10"))
    names = ("0001_eid_dnn_1-10-10_oven_10_n04111531_1.png", "0002_eid_dnn_2-10-10_bear_10_n02134084_2.png")
    contents = {f"eidolonI/dnn/session-1/{name}": png(i, mode="L") for i, name in enumerate(names)}
    stimuli = read_stimuli(write(tmp_path / "e.tar.gz", contents), "eidolonI", seen)
    assert stimuli.condition.values.tolist() == ["2-10-10", "1-10-10"]
    assert stimuli.image[:, 5, 5].values.tolist() == [[1, 1, 1], [0, 0, 0]]
    assert "texture_category" not in stimuli.coords
    seen.loc["n04111531_1.png", "condition"] = "4-10-10"
    with pytest.raises(InputError, match="observers saw it as oven in condition 4-10-10"):
        read_stimuli(tmp_path / "e.tar.gz", "eidolonI", seen)


# A trial of each of the 14 datasets as its archive names it, and the image that it shows.
TRIALS = {
    "colour": ("0001_cl_dnn_cr_oven_40_n04111531_1.png", "n04111531_1.png", "oven", "cr"),
    "contrast": ("0002_cop_dnn_c05_knife_10_n03041632_2.png", "n03041632_2.png", "knife", "c05"),
    "high-pass": ("0003_hp_dnn_0.45_boat_10_n03662601_3.png", "n03662601_3.png", "boat", "0.45"),
    "low-pass": ("0004_lp_dnn_40_chair_10_n04099969_4.png", "n04099969_4.png", "chair", "40"),
    "phase-scrambling": ("0005_ps_dnn_180_truck_10_n03417042_5.png", "n03417042_5.png", "truck", "180"),
    "power-equalisation": ("0006_pow_dnn_pow_dog_35_n02091467_6.png", "n02091467_6.png", "dog", "pow"),
    "false-colour": ("0007_fc_dnn_false_car_35_n03100240_7.png", "n03100240_7.png", "car", "false"),
    "rotation": ("0008_rot_dnn_270_car_20_n02814533_8.png", "n02814533_8.png", "car", "270"),
    "eidolonI": ("0009_eid_dnn_128-10-10_bear_10_n02134084_9.png", "n02134084_9.png", "bear", "128-10-10"),
    "eidolonII": ("0010_eid_dnn_64-3-10_car_10_n04285008_10.png", "n04285008_10.png", "car", "64-3-10"),
    "eidolonIII": ("0011_eid_dnn_16-0-10_oven_10_n04111531_11.png", "n04111531_11.png", "oven", "16-0-10"),
    "uniform-noise": ("0012_nse_dnn_0.90_knife_10_n03041632_12.png", "n03041632_12.png", "knife", "0.90"),
    "sketch": ("0013_ske_dnn_0_boat_00_boat-0068-sketch-23.png", "boat-0068-sketch-23.png", "boat", "all"),
    "stylized": (
        "0014_sty_dnn_0_airplane_00_airplane-0001-ILSVRC2012-val-00000631.png",
        "airplane-0001-ILSVRC2012-val-00000631.png",
        "airplane",
        "all",
    ),
}


@pytest.mark.parametrize("dataset", TRIALS)
def test_names_of_trials_of_all_datasets_are_understood(dataset, tmp_path):
    trial, image, category, condition = TRIALS[dataset]
    archive = write(tmp_path / "some.tar.gz", {f"{dataset}/dnn/session-1/{trial}": png(7, mode="L")})
    stimuli = read_stimuli(archive, dataset, table((image, category, condition)))
    assert stimuli.name == image and stimuli.category == category and stimuli.condition == condition
    assert (stimuli.image == 7).all()


@pytest.mark.parametrize(
    ("imagename", "image"),
    [
        ("0001_cl_s01_bw_boat_40_n02951358_5952.png", "n02951358_5952.png"),
        ("0001_s5n_s01_0_bird_00_bird3-bird2.png", "bird3-bird2.png"),
        ("airplane1-bicycle2.png", "airplane1-bicycle2.png"),
        ("n02951358_5952.png", "n02951358_5952.png"),
        ("0001_ske_s01_0_boat_00_boat-0068-sketch-23.png", "boat-0068-sketch-23.png"),
    ],
)
def test_image_name_is_the_last_part_of_a_trials_name(imagename, image):
    assert image_name(imagename) == image


def test_texture_category_is_in_the_name_of_a_cue_conflict():
    assert texture_category("bird13-cat2.png") == "cat"
    for wrong in ("bird1.png", "cat.png", "bird1-fish2.png"):
        with pytest.raises(InputError, match=wrong):
            texture_category(wrong)


def test_registry_has_the_addresses_of_the_benchmarks_release(datasets):
    release = "https://github.com/bethgelab/model-vs-human/releases/download/v0.1"
    rows = datasets["datasets"].items()
    urls = {name: row["stimuli"]["url"] for name, row in rows if row.get("in_benchmark", True)}
    assert urls == {name: f"{release}/{name}.tar.gz" for name in (*TRIALS, "edge", "silhouette", "cue-conflict")}


def of_subject(mirror_folder, dataset, row):
    """The images that the first subject saw."""
    path = next(mirror_folder.glob(f"github.com/bethgelab/*/raw/*/raw-data/{dataset}/*subject-01*.csv"))
    return images_seen([read_answers(path, "subject-01", row["kind"], row["conditions"])])


def of_network(mirror_folder, dataset):
    """The names of the images that ResNet-50 saw."""
    path = next(mirror_folder.glob(f"github.com/bethgelab/*/raw/*/raw-data/{dataset}/{dataset}_resnet50_*.csv"))
    with path.open(newline="") as file:
        return [row["imagename"] for row in csv.DictReader(file)]


@pytest.mark.parametrize("dataset", TRIALS)
def test_archives_with_published_names_match_the_published_decisions(dataset, tmp_path, mirror_folder, datasets):
    seen = of_subject(mirror_folder, dataset, datasets["datasets"][dataset])
    shades = [png(shade, mode="L") for shade in range(5)]
    trials = [f"{dataset}/dnn/session-1/{name}" for name in of_network(mirror_folder, dataset)]
    contents = {trial: shades[zlib.crc32(image_name(Path(trial).name).encode()) % 5] for trial in trials}
    stimuli = read_stimuli(write(tmp_path / f"{dataset}.tar.gz", contents), dataset, seen)
    assert stimuli.name.values.tolist() == sorted(stimuli.name.values) == seen.index.tolist()
    assert stimuli.category.values.tolist() == seen.category.tolist()
    assert stimuli.condition.values.tolist() == seen.condition.tolist()
    expected = [zlib.crc32(name.encode()) % 5 for name in stimuli.name.values]
    assert stimuli.image[:, 100, 100, 1].values.tolist() == expected


@pytest.mark.parametrize(("dataset", "count"), [("edge", 160), ("silhouette", 160), ("cue-conflict", 1280)])
def test_repacked_archives_have_all_images_at_the_size_that_humans_saw(dataset, count, mirror_folder, datasets):
    row = datasets["datasets"][dataset]
    seen = of_subject(mirror_folder, dataset, row)
    archive = mirror_folder / row["stimuli"]["url"].removeprefix("https://")
    stimuli = read_stimuli(archive, dataset, seen)
    assert dict(stimuli.sizes) == {"image": count, "y": 224, "x": 224, "channel": 3}
    assert (stimuli.image.min(("y", "x", "channel")) < stimuli.image.max(("y", "x", "channel"))).all()
    if dataset == "cue-conflict":
        same = stimuli.category == stimuli.texture_category
        assert same.sum() == 80 and stimuli.category.groupby(stimuli.category).count().values.tolist() == [80] * 16
