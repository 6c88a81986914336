"""The command `inspect`, and the notebook."""

import shutil

import nbformat
import numpy as np
import pandas as pd
import pytest
from nbclient import NotebookClient
from PIL import Image

import tiny_pipelines
from generative_classifiers import models
from generative_classifiers.__main__ import main
from generative_classifiers.cli.store_summary import decisions_of, summarise
from generative_classifiers.evidence.pruning import SequentialTest
from generative_classifiers.evidence.single_store import compute_evidence
from generative_classifiers.io import stores
from generative_classifiers.io.errors import InputError
from generative_classifiers.stimuli.miniature.datasets import render
from generative_classifiers.study.load import load
from generative_classifiers.study.prompts import prompts_of
from small_studies import ROOT, python
from typed_rows import observer, world

IMAGES, SHARD = 6, 4


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A folder such as a project has: stimuli and evidence of the study `miniature`, and the notebook."""
    folder = tmp_path_factory.mktemp("project")
    miniature = load({"study": "miniature"})
    images = render("cue-conflict", miniature.datasets["cue-conflict"], world(size=16)).isel(image=slice(IMAGES))
    data = folder / "data/miniature"
    stores.write(images, data / "stimuli/cue-conflict.zarr", study="miniature")
    row = observer(family="diffusion", pipeline=str(tiny_pipelines.pixel_diffusion(folder / "pipeline")))
    model = models.load("tiny", row, prompts_of(), device="cpu")
    settings = {"dataset": "cue-conflict", "shard": SHARD, "progress": False}
    evidence = data / "evidence"
    for name, more in {
        "miniature-diffusion": {"count": 3, "reconstruct": 1},
        "unpainted": {"count": 2},
        "pruned": {"count": 8, "pruning": SequentialTest(2, 0.9)},
    }.items():
        compute_evidence(model, images, evidence / f"{name}/cue-conflict.zarr", observer=name, **settings, **more)
    (folder / "docs").mkdir()
    shutil.copy(ROOT / "docs/inspect.ipynb", folder / "docs")
    return data


@pytest.fixture
def store(study):
    return study / "evidence/miniature-diffusion/cue-conflict.zarr"


def test_summary_of_evidence_has_sizes_attributes_and_images(store, capsys):
    assert main(["inspect", str(store)]) == 0
    printed = capsys.readouterr().out
    evidence = stores.read(store)
    assert f"{store}: evidence" in printed and "image 6" in printed and "category 16" in printed and "draw 3" in printed
    assert evidence.attrs["identity"] in printed and evidence.attrs["weights"] in printed
    for name in evidence["name"].values:
        assert name in printed


def test_decisions_are_those_of_the_losses(store, tmp_path):
    assert main(["inspect", str(store), "--csv", str(tmp_path / "new/decisions.csv")]) == 0
    table, evidence = pd.read_csv(tmp_path / "new/decisions.csv"), stores.read(store)
    score = (evidence["loss"] * np.exp(-7 * evidence["time"])).mean("draw").values
    assert table["decision"].tolist() == evidence["category"].values[score.argmin(axis=1)].tolist()
    np.testing.assert_allclose(table["margin"], np.diff(np.sort(score, axis=1)[:, :2])[:, 0], rtol=1e-6)
    assert table["image"].tolist() == evidence["name"].values.tolist()
    assert (table["evaluations"] == 16 * 3).all()


def test_summary_has_the_share_of_evaluations_left_by_pruning(study):
    store = study / "evidence/pruned/cue-conflict.zarr"
    table, evidence = decisions_of(store), stores.read(store)
    assert table["evaluations"].tolist() == evidence["evaluations"].values.tolist()
    assert table["evaluations"].min() < 16 * 8
    assert f"{table['evaluations'].sum() / (IMAGES * 16 * 8):.1%}" in summarise(store)


def test_summary_and_table_say_when_categories_were_dropped_and_why(study, tmp_path, capsys):
    store = study / "evidence/pruned/cue-conflict.zarr"
    assert main(["inspect", str(store), "--drops", str(tmp_path / "new/drops.csv")]) == 0
    printed, table = capsys.readouterr().out, pd.read_csv(tmp_path / "new/drops.csv")
    assert "pruned by the test sequential, level 0.9:" in printed and "largest_p_value" in printed
    evidence = stores.read(store)
    assert table["draws"].tolist() == evidence["loss"].notnull().sum("draw").values.ravel().tolist()
    assert table[["image", "category", "prompt"]].iloc[17].tolist() == [
        evidence[name].values[1] for name in ("name", "category", "prompt")
    ]
    dropped = table["dropped_after"] > 0
    assert dropped.any() and (table["p_value"] < table["bound"])[dropped].all()
    assert table.loc[~dropped, "bound"].isna().all()
    unpruned = study / "evidence/unpainted/cue-conflict.zarr"
    assert main(["inspect", str(unpruned), "--drops", str(tmp_path / "none.csv")]) == 2
    assert "unpainted on cue-conflict: every category has all draws" in capsys.readouterr().err


def test_summary_of_an_unfinished_store_has_its_progress(store, tmp_path):
    place = tmp_path / "a.zarr"
    shutil.copytree(store, place)
    (place / "manifest/shard-000001.json").unlink()
    printed = summarise(place)
    assert "unfinished evidence" in printed and "1 of 2 shards, 4 of 6 images are complete" in printed
    with pytest.raises(InputError, match="neither a complete store nor an unfinished one"):
        summarise(tmp_path / "b.zarr")


def test_summary_of_stimuli_counts_images_per_category(study):
    printed = summarise(study / "stimuli/cue-conflict.zarr")
    assert "stimuli" in printed and "images per category" in printed and "airplane 6" in printed


def test_image_is_plotted_by_name_or_number_with_the_same_bytes(store, tmp_path, capsys):
    out = tmp_path / "plot.png"
    name = stores.read(store)["name"].values[2]
    for image in (name, "2"):
        assert main(["inspect", str(store), "--image", image, "--out", str(out)]) == 0
        with Image.open(out) as plot:
            assert plot.width > 1000
        printed = capsys.readouterr().out
        assert name in printed and str(out) in printed
        content = out.read_bytes()
        out.unlink()
    assert main(["inspect", str(store), "--image", name, "--out", str(out)]) == 0
    assert out.read_bytes() == content


@pytest.mark.parametrize(
    ("observer", "arguments", "message"),
    [
        ("unpainted", ["--image", "0"], "has no reconstructions; models that paint keep those of one draw"),
        ("miniature-diffusion", ["--image", "dog.png"], "no image dog.png; expected a name such as"),
        ("miniature-diffusion", ["--image", "6"], "no image 6; expected a name such as"),
        ("miniature-diffusion", ["--image", "0", "--stimuli", "nowhere"], "nowhere: has no image"),
    ],
)
def test_images_that_cannot_be_plotted_are_errors(study, observer, arguments, message, capsys):
    assert main(["inspect", str(study / f"evidence/{observer}/cue-conflict.zarr"), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_command_does_not_import_torch(store):
    code = "import sys; from generative_classifiers.__main__ import main; main(); assert 'torch' not in sys.modules"
    arguments = ("inspect", str(store), "--image", "0", "--out", str(store.parent / "a.png"))
    run = python(ROOT / "scripts", "-c", code, *arguments, fresh=True)
    assert run.returncode == 0, run.stdout


def test_notebook_runs(study, monkeypatch):
    docs = study.parents[1] / "docs"
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "scripts"))
    notebook = nbformat.read(docs / "inspect.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    NotebookClient(notebook, resources={"metadata": {"path": str(docs)}}).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in shown) == 2
