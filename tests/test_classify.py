"""The command `classify`, and the reading of folders of images."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from PIL import Image
from safetensors.torch import load_file, save_file

import tiny_pipelines
from generative_classifiers import models
from generative_classifiers.__main__ import main
from generative_classifiers.cli import classify_folder as library
from generative_classifiers.cli.arguments import names
from generative_classifiers.cli.store_summary import decisions_of
from generative_classifiers.decisions.from_evidence import score_categories
from generative_classifiers.draws.weighting import level_weighting, scores
from generative_classifiers.evidence.entry import Entry
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.diffusion.model import DiffusionModel
from generative_classifiers.stimuli.folders import read_folder
from generative_classifiers.stimuli.square_images import read_image, square
from generative_classifiers.study.levels import load_levels
from generative_classifiers.study.prompts import prompts_of
from small_studies import content, write
from typed_rows import observer

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    return tiny_pipelines.stable_diffusion(tmp_path_factory.mktemp("pipeline") / "sd")


@pytest.fixture
def folder(tmp_path):
    """Images of several sizes and formats in sub-folders, and hidden files."""
    generator = np.random.default_rng(0)
    root = tmp_path / "images"
    names = {"z.png": (16, 16), "cat/a b.jpg": (30, 20), "cat/c.webp": (16, 40), "deep/er/d.bmp": (50, 50)}
    for name, (height, width) in names.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (height, width, 3), dtype=np.uint8)).save(path)
    (root / ".DS_Store").write_text("not an image")
    (root / ".cache").mkdir()
    (root / ".cache/x.txt").write_text("not an image")
    return root


def test_folder_becomes_stimuli_sorted_by_name_without_hidden_files(folder):
    found = read_folder(folder, 16, ("cat", "dog"))
    assert found["name"].values.tolist() == ["cat/a b.jpg", "cat/c.webp", "deep/er/d.bmp", "z.png"]
    assert found["category"].values.tolist() == ["cat", "cat", "", ""]
    assert set(found["condition"].values) == {"all"}
    assert found["image"].dims == ("image", "y", "x", "channel")
    assert found["image"].shape == (4, 16, 16, 3) and found["image"].dtype == np.uint8
    assert (found["image"].values[3] == np.asarray(Image.open(folder / "z.png"))).all()


def test_square_is_cropped_from_the_centre():
    pixels = np.zeros((4, 10, 3), np.uint8)
    pixels[:, 3:7] = 200
    assert (np.asarray(square(Image.fromarray(pixels), 4)) == 200).all()
    tall = square(Image.fromarray(pixels.transpose(1, 0, 2).copy()), 8)
    assert tall.size == (8, 8) and (np.asarray(tall) == 200).all()


def test_every_mode_of_images_becomes_rgb(tmp_path):
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    path = tmp_path / "image.png"

    Image.fromarray(ramp).save(path)
    assert (read_image(path, 16) == ramp[:, :, None]).all()

    Image.fromarray(ramp.astype(np.uint16) * 257).save(path)
    assert (read_image(path, 16) == ramp[:, :, None]).all()

    red = Image.new("RGBA", (16, 16), (255, 0, 0, 0))
    red.paste((0, 0, 255, 255), (0, 0, 8, 16))
    red.save(path)
    assert (read_image(path, 16)[:, :8] == (0, 0, 255)).all() and (read_image(path, 16)[:, 8:] == 255).all()

    Image.new("RGB", (16, 16), (255, 0, 0)).quantize(4).save(path)
    assert (read_image(path, 16) == (255, 0, 0)).all()

    Image.new("CMYK", (16, 16)).save(tmp_path / "image.tif")
    assert (read_image(tmp_path / "image.tif", 16) == 255).all()


def test_images_are_turned_upright_by_their_exif_tag(tmp_path):
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:8] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90° clockwise to be seen
    Image.fromarray(pixels).save(tmp_path / "image.png", exif=exif)
    assert (read_image(tmp_path / "image.png", 16) == np.rot90(pixels, -1)).all()


def test_unreadable_images_are_errors_that_name_the_file(folder):
    (folder / "cat/notes.png").write_text("hello")
    with pytest.raises(InputError, match=r"cat/notes.png: not a readable image"):
        read_folder(folder, 16)
    (folder / "cat/notes.png").unlink()
    whole = (folder / "z.png").read_bytes()
    (folder / "z.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"z.png: not a readable image"):
        read_folder(folder, 16)


def test_missing_and_empty_folders_are_errors(tmp_path):
    with pytest.raises(InputError, match="nowhere: no such folder of images"):
        read_folder(tmp_path / "nowhere", 16)
    with pytest.raises(InputError, match="contains no images"):
        read_folder(tmp_path, 16)


def arguments(pipeline, folder, store, *more):
    given = ["classify", "--observer", str(pipeline), "--images", str(folder), "--out", str(store)]
    return [*given, "--device", "cpu", "--draws", "3", *more]


def test_command_writes_evidence_decisions_and_margins(pipeline, folder, tmp_path, capsys):
    store, table = tmp_path / "out/a.zarr", tmp_path / "a.csv"
    more = ["--categories", "cat, dog,truck", "--seed", "4", "--reconstruct-draw", "2", "--csv", str(table)]
    assert main(arguments(pipeline, folder, store, *more)) == 0
    printed = capsys.readouterr().out
    found = xr.open_zarr(store).load()
    assert found["loss"].dims == ("image", "category", "draw") and found["loss"].shape == (4, 3, 3)
    assert found["reconstruction_latent"].shape == (4, 3, 4, 8, 8)
    assert found["true_category"].values.tolist() == ["cat", "cat", "", ""]
    assert found["category"].values.tolist() == ["cat", "dog", "truck"]
    assert found["prompt"].values[found["category"].values == "truck"] == ["A bad photo of a truck"]

    model = models.load(
        "x", observer(family="diffusion", pipeline="x"), prompts_of(("cat", "dog", "truck")), path=pipeline
    )
    stimuli = read_folder(folder, 16)
    loss, _ = model.evaluate(stimuli["image"].values, stimuli["name"].values, model.draws(3, 4))
    np.testing.assert_allclose(found["loss"], loss, rtol=1e-4)

    score = scores(loss, level_weighting(found["time"], found["alpha"], found["sigma"]))
    rows = list(csv.DictReader(table.open()))
    assert [row["image"] for row in rows] == found["name"].values.tolist()
    assert [row["decision"] for row in rows] == [("cat", "dog", "truck")[k] for k in score.argmin(axis=1)]
    for row, values in zip(rows, np.sort(score, axis=1), strict=True):
        assert float(row["margin"]) == pytest.approx(values[1] - values[0], rel=1e-2)
        assert row["image"] in printed and row["decision"] in printed


def test_command_names_an_unreadable_image_and_writes_nothing(pipeline, folder, tmp_path, capsys):
    (folder / "cat/notes.png").write_text("hello")
    assert main(arguments(pipeline, folder, tmp_path / "a.zarr")) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(f"error: {folder}/cat/notes.png: not a readable image")
    assert not list(tmp_path.glob("a.zarr*"))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--categories", "cat,cat"], "categories: expected different names"),
        (["--categories", "cat"], "categories: expected at least 2 to choose from, found 'cat'"),
        (["--categories", "@missing.txt"], "missing.txt: cannot be read as a UTF-8 text file"),
        (["--categories", '"salt, pepper'], "expected names that are separated by commas"),
        (["--draws", "0"], "argument --draws: expected a whole number from 1 to 100000, found '0'"),
        (["--batch-size", "0"], "argument --batch-size: expected a whole number from 1 to 1000000"),
        (["--threads", "-1"], "argument --threads: expected a whole number from 1 to 1024"),
        (["--limit", "0"], "argument --limit: expected a whole number from 1 to 1000000"),
        (["--rate", "nan"], "argument --rate: expected a number from 0 to 100, found 'nan'"),
        (["--device", "tpu"], "argument --device: expected auto, cpu, cuda or cuda:<number>, found 'tpu'"),
        (["--csv", "."], ".: is a folder; expected the name of a file"),
        (["--prompt", "a {categry}"], "{categry} is unknown; expected {category}"),
        (["--prompt", "a {category}", "--prompt", "a {category}"], "prompts: expected different ones"),
        (["--observer", "miniature-cnn", "--revision", "abc"], "--revision is for weights on the Hugging Face hub"),
        (["--observer", "miniature-cnn", "--prompt", "a {category}", "--prompt", "the {category}"], "reads no prompts"),
        (["--out", "/proc/nothing/a.zarr"], "/proc/nothing/a.zarr: cannot be written: /proc"),
        (["--categories", "cat,{category}"], "categories: '{category}': expected a name on one line, without braces"),
        (["--categories", "cat,na"], "categories: 'na': expected a name on one line"),
        (["--draws", "100001"], "argument --draws: expected a whole number from 1 to 100000, found '100001'"),
        (["--rate", "1e308"], "argument --rate: expected a number from 0 to 100, found '1e308'"),
        (["--revision", "abc"], "--revision is for weights on the Hugging Face hub; these are in "),
        (["--csv", "a.zarr"], "a.zarr: expected another place, since a.zarr is the name of a store"),
        (["--csv", ""], "argument --csv: expected a path, found ''"),
        (["--reconstruct-draw", "3"], "expected a draw from 0 to 2 to reconstruct"),
        (["--prompt", "a photo"], "expected {category} in the place of the class"),
        (["--out", "evidence"], "evidence: expected a store's name, which ends in .zarr"),
        (["--observer", "nobody"], "observer 'nobody' is unknown"),
        (["--images", "nowhere"], "nowhere: no such folder of images"),
        (["--images", "."], ".: contains no images"),
        (["--times", "weighted"], "expected a row, since --times weighted and --test moderated need to"),
        (["--test", "paired", "--min", "1"], "--min: expected at least 2 with the test paired, found 1"),
        (["--test", "paired", "--min", "9"], "--min: expected at most max, 3, found 9"),
        (["--test", "paired", "--level", "1"], "--level: "),
        (
            ["--test", "paired", "--min", "2", "--rate", "3"],
            "--test: expected one prompt for a category and the usual --rate",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_wrong_arguments_are_errors_that_write_nothing(pipeline, folder, tmp_path, monkeypatch, capsys, more, message):
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    assert main(arguments(pipeline, folder, tmp_path / "a.zarr", *more)) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("error: ") and message in last
    assert not list(tmp_path.glob("a.zarr*")) and not list(empty.iterdir())


def test_names_are_separated_by_commas_quoted_or_in_a_file(tmp_path):
    (tmp_path / "names.txt").write_text("# spices\nsalt, pepper\n\n  dill \n")
    assert names('cat,"salt, pepper", dog') == ["cat", "salt, pepper", "dog"]
    assert names(f"@{tmp_path / 'names.txt'}") == ["salt, pepper", "dill"]


def classify(pipeline, folder, store, prompt=library.PROMPT, **settings):
    return library.classify(
        str(pipeline), folder, store, ["cat", "dog"], prompt=prompt, draws=2, device="cpu", **settings
    )


def test_several_prompts_are_averaged_and_each_is_in_the_store(pipeline, folder, tmp_path):
    templates = ["A bad photo of a {category}", "a {category}"]
    several = classify(pipeline, folder, tmp_path / "both.zarr", templates)
    for number, template in enumerate(templates):
        classify(pipeline, folder, tmp_path / f"{number}.zarr", template)
    single = [xr.open_zarr(tmp_path / f"{number}.zarr").load() for number in range(2)]
    both = xr.open_zarr(tmp_path / "both.zarr").load()
    assert both["category"].values.tolist() == ["cat", "cat", "dog", "dog"]
    assert both["prompt"].values.tolist() == ["A bad photo of a cat", "a cat", "A bad photo of a dog", "a dog"]
    for number, found in enumerate(single):
        np.testing.assert_allclose(both["loss"][:, number::2], found["loss"], rtol=1e-5)
    score = np.mean([score_categories(found) for found in single], axis=0)
    assert several["decision"].tolist() == [("cat", "dog")[k] for k in score.argmin(axis=1)]
    np.testing.assert_allclose(several["margin"], np.abs(score[:, 0] - score[:, 1]), rtol=1e-2)
    (row, *_) = decisions_of(tmp_path / "both.zarr").to_dict("records")
    assert row["decision"] == several["decision"][0]


def test_another_prompt_costs_only_its_own_evaluations(pipeline, folder, tmp_path):
    classify(pipeline, folder, tmp_path / "a.zarr", "a {category}")
    alone = xr.open_zarr(tmp_path / "a.zarr")["loss"].values
    classify(pipeline, folder, tmp_path / "a.zarr", ["a {category}", "A bad photo of a {category}"])
    np.testing.assert_array_equal(xr.open_zarr(tmp_path / "a.zarr")["loss"].values[:, ::2], alone)


def test_posterior_is_the_softmax_over_squared_errors_of_whole_images(pipeline, folder, tmp_path):
    table = classify(pipeline, folder, tmp_path / "a.zarr")
    score = score_categories(xr.open_zarr(tmp_path / "a.zarr").load())
    values = 4 * 8 * 8  # of the latents
    expected = np.exp(-values * (score - score.min(axis=1, keepdims=True)))
    np.testing.assert_allclose(table["posterior"], 1 / expected.sum(axis=1), rtol=1e-6)


def test_models_without_a_likelihood_have_no_posterior(pipeline, folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(DiffusionModel, "terms", lambda _: None)
    assert classify(pipeline, folder, tmp_path / "a.zarr").columns.tolist() == ["image", "decision", "margin"]
    assert "note: no posterior: the distance of " in capsys.readouterr().err


def test_losses_that_are_not_finite_leave_no_store(pipeline, folder, tmp_path):
    spoilt = shutil.copytree(pipeline, tmp_path / "spoilt")
    (weights,) = (spoilt / "unet").glob("*.safetensors")
    tensors = load_file(weights)
    save_file({name: tensor * np.nan for name, tensor in tensors.items()}, weights, metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"a loss of image cat/a b\.jpg is not finite"):
        classify(spoilt, folder, tmp_path / "a.zarr")
    assert not list(tmp_path.glob("a.zarr*"))
    classify(pipeline, folder, tmp_path / "a.zarr")


def test_draws_can_be_weighted_and_pruned(pipeline, folder, tmp_path, monkeypatch):
    row = load_levels()["miniature-latent"]
    monkeypatch.setattr(library, "load_levels", lambda: {str(pipeline): row})
    more = ["--times", "weighted", "--test", "moderated", "--min", "1", "--level", "0.2", "--draws", "16"]
    assert main(arguments(pipeline, folder, tmp_path / "a.zarr", *more)) == 0
    found = xr.open_zarr(tmp_path / "a.zarr").load()
    assert found["density"].std() > 0.1 and found.attrs["pruning"]
    assert found["loss"].notnull().sum(["category", "draw"]).values.tolist() == found["evaluations"].values.tolist()


def test_limit_takes_the_first_images_of_each_folder(pipeline, folder, tmp_path):
    assert classify(pipeline, folder, tmp_path / "a.zarr", limit=1)["image"].tolist() == [
        "cat/a b.jpg",
        "deep/er/d.bmp",
        "z.png",
    ]


def test_store_of_another_run_is_named_and_kept(pipeline, folder, tmp_path, capsys):
    assert main(arguments(pipeline, folder, tmp_path / "a.zarr", "--categories", "cat,dog")) == 0
    assert main(arguments(pipeline, folder, tmp_path / "a.zarr", "--categories", "cat,dog", "--seed", "1")) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert f"{tmp_path}/a.zarr: holds other evidence and is not replaced: seed is 0, not 1" in last


def test_revision_and_variant_are_those_of_the_row():
    row, _ = library.find_observer("some/hub-id")
    found = library.with_settings("some/hub-id", row, revision="abc", variant="fp16", dtype=None)
    assert (found.revision, found.variant, found.dtype) == ("abc", "fp16", row.dtype)


def test_observers_are_found_in_the_registry_as_folders_or_hub_ids(pipeline, folder, tmp_path, monkeypatch):
    rows = content("registry/observers.yaml")["observers"]
    tiny = {"label": "Tiny", "family": "diffusion", "pipeline": "weights/tiny", "batch_size": 5}
    cnn = {key: value for key, value in rows["miniature-cnn"].items() if key not in ("weights", "sha256")}
    rows = {"tiny-one": tiny, "tiny-cnn": cnn, "someone": {"label": "A person", "family": "human"}}
    (tmp_path / "registry").mkdir()
    write({"observers": rows}, tmp_path / "registry/observers.yaml")
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/tiny").symlink_to(pipeline)
    monkeypatch.chdir(tmp_path)
    row, path = library.find_observer("tiny-one")
    assert row.batch_size == 5 and path == tmp_path / "weights/tiny"
    assert main(arguments("tiny-one", folder, tmp_path / "a.zarr", "--categories", "cat,dog")) == 0
    assert Entry(tmp_path / "a.zarr").provenance()[0]["batch_size"] == 5
    with pytest.raises(InputError, match="tiny-cnn: no file is given as its weights"):
        models.load("tiny-cnn", library.find_observer("tiny-cnn")[0], {"cat": "cat"})
    trained = tmp_path / "data/small/weights/tiny-cnn/model.safetensors"
    trained.parent.mkdir(parents=True)
    trained.touch()
    assert library.find_observer("tiny-cnn")[1] == trained
    row, path = library.find_observer("some/hub-id")
    assert (row.family, row.pipeline, path) == ("diffusion", "some/hub-id", None)
    with pytest.raises(InputError, match="observer someone: it is no model that can be run"):
        library.find_observer("someone")


def test_help_does_not_import_torch():
    code = "import sys, generative_classifiers.__main__ as m; m.parser(); assert 'torch' not in sys.modules"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
