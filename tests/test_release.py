"""Release archives: the images that observers saw, as they saw them."""

import io
import tarfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from generative_classifiers.errors import InputError
from generative_classifiers.names import image_name, texture_category
from generative_classifiers.published import images, read_answers
from generative_classifiers.release import read_stimuli


def png(shade=0, size=(224, 224), mode="RGB"):
    file = io.BytesIO()
    Image.new(mode, size, shade if mode == "L" else (shade,) * 3).save(file, "png")
    return file.getvalue()


def table(*rows):
    names, categories, conditions = zip(*sorted(rows), strict=True)
    return pd.DataFrame({"category": categories, "condition": conditions}, index=list(names))


SEEN = table(("bird1-cat2.png", "bird", "all"), ("bird2-bird1.png", "bird", "all"), ("cat1-dog3.png", "cat", "all"))


@pytest.fixture
def pack(tmp_path):
    """Make a cue-conflict archive with other members than the usual ones; None leaves one out."""

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


def test_in_the_order_of_names(pack):
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
        ({"./cat/cat1-dog3.png": png()}, r"cat1-dog3\.png is there twice"),
        ({"cat/more/cat1-dog3.png": png()}, "expected the path cue-conflict/<category>/<image>"),
        ({"cat/cat1-dog3.png": png(size=(224, 223))}, "224 x 223 pixels in RGB; expected 224 x 224"),
        ({"cat/cat1-dog3.png": png(mode="L")}, "224 x 224 pixels in L; expected 224 x 224 in RGB"),
        ({"cat/cat1-dog3.png": b"GIF89a"}, "not a readable PNG"),
        ({"cat/cat1-dog3.png": b""}, "not a readable PNG"),
        ({"cat/cat1-dog3.png": png()[:-60]}, "not a readable PNG"),
    ],
)
def test_other_content(pack, change, message):
    with pytest.raises(InputError, match=rf"cue-conflict\.tar\.gz: .*{message}"):
        read_stimuli(pack(with_=change), "cue-conflict", SEEN)


def test_layout_of_sessions(tmp_path):
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


def test_sketches_have_no_condition(tmp_path):
    content = {"sketch/dnn/session-1/0001_ske_dnn_0_boat_00_boat-0068-sketch-23.png": png()}
    seen = table(("boat-0068-sketch-23.png", "boat", "all"))
    assert read_stimuli(write(tmp_path / "s.tar.gz", content), "sketch", seen).name == "boat-0068-sketch-23.png"


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
def test_image_names(imagename, image):
    assert image_name(imagename) == image


def test_texture_names():
    assert texture_category("bird13-cat2.png") == "cat"
    for wrong in ("bird1.png", "cat.png", "bird1-fish2.png"):
        with pytest.raises(InputError, match=wrong):
            texture_category(wrong)


@pytest.mark.parametrize(("dataset", "count"), [("edge", 160), ("silhouette", 160), ("cue-conflict", 1280)])
def test_real_archives(dataset, count, mirror_folder, datasets):
    row = datasets["datasets"][dataset]
    humans = mirror_folder.glob(f"github.com/bethgelab/*/raw/*/raw-data/{dataset}/*subject-01*.csv")
    seen = images([read_answers(next(humans), "subject-01", row["kind"], row["conditions"])])
    archive = mirror_folder / row["stimuli"]["url"].removeprefix("https://")
    stimuli = read_stimuli(archive, dataset, seen)
    assert dict(stimuli.sizes) == {"image": count, "y": 224, "x": 224, "channel": 3}
    assert (stimuli.image.min(("y", "x", "channel")) < stimuli.image.max(("y", "x", "channel"))).all()
    if dataset == "cue-conflict":
        same = stimuli.category == stimuli.texture_category
        assert same.sum() == 80 and stimuli.category.groupby(stimuli.category).count().values.tolist() == [80] * 16
