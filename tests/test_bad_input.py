"""What the commands `inspect`, `distort` and `export` say of wrong paths and broken stores: one line, and no files."""

import shutil

import numpy as np
import pytest
from PIL import Image

from generative_classifiers.__main__ import main
from generative_classifiers.cli import verify
from generative_classifiers.evidence.entry import Entry
from generative_classifiers.io import stores
from killed_often import stimuli
from test_evidence import compute, stopped_after


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Stores, good and broken."""
    folder = tmp_path_factory.mktemp("made")
    compute(folder / "good.zarr", reconstruct=1)
    compute(folder / "chunk.zarr")
    (folder / "chunk.zarr/loss/c/1/0/0").unlink()
    compute(folder / "root.zarr")
    (folder / "root.zarr/zarr.json").write_text("{")
    stopped_after(1, folder / "unfinished.zarr")
    (folder / "unfinished.zarr/zarr.json").write_text("{")
    stores.write(stimuli(2), folder / "stimuli.zarr")
    (folder / "file").write_text("text")
    (folder / "folder").mkdir()
    (folder / "images").mkdir()
    Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(folder / "images/a.png")
    return folder


@pytest.fixture
def place(made, tmp_path, monkeypatch):
    """A copy of the stores in the working directory."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


BROKEN = {
    "missing.zarr": "missing.zarr: ",
    "file": "file: ",
    "folder": "folder: ",
    "chunk.zarr": "chunk 1/0/0 of loss is missing",
    "root.zarr": "root.zarr: zarr.json",
    "unfinished.zarr": "unfinished.zarr: ",
}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        *((["inspect", store], said) for store, said in BROKEN.items()),
        *((["inspect", store, "--image", "0"], said) for store, said in BROKEN.items()),
        *((["export", store, "--out", "out"], said) for store, said in BROKEN.items()),
        (["inspect", "good.zarr", "--csv", "folder"], "folder: is a folder; expected the name of a file"),
        (["inspect", "good.zarr", "--csv", "file/a.csv"], "file/a.csv: cannot be written"),
        (["inspect", "stimuli.zarr", "--csv", "a.csv"], "stimuli.zarr: holds stimuli, expected evidence"),
        (["inspect", "good.zarr", "--image", "0", "--out", "folder"], "folder: is a folder"),
        (["inspect", "good.zarr", "--image", "0", "--stimuli", "missing"], "missing: has no image"),
        (["inspect", "good.zarr", "--image", "0", "--stimuli", "file"], "file: has no image"),
        (["inspect", "good.zarr", "--weighting", "none"], "argument --weighting: invalid choice: 'none'"),
        (["inspect"], "the following arguments are required: store"),
        (["export", "good.zarr", "--out", "file"], "file: is a file; expected the name of a folder"),
        (["export", "good.zarr", "--out", "file/out"], "file/out: cannot be written"),
        (["export", "good.zarr", "--out", "out", "--observers", "nobody"], "has no observer 'nobody'"),
        (["export", "good.zarr", "--out", "out", "--observers", ""], "expected at least one name"),
        (["export", "stimuli.zarr", "--out", "out"], "stimuli.zarr: contains stimuli, expected decisions or evidence"),
        (["distort", "missing", "out"], "missing: no such folder of images"),
        (["distort", "file", "out"], "file: no such folder of images"),
        (["distort", "folder", "out"], "folder: contains no images"),
        (["distort", "images", "file"], "file: is a file; expected the name of a folder"),
        (["distort", "images", "file/out"], "file/out: cannot be written"),
        (["distort", "images", "images/out"], "images/out: is inside the folder of images"),
        (["distort", "images", "out", "--datasets", "blur"], "'blur' is no dataset"),
        (["distort", "images", "out", "--size", "-1"], "argument --size: expected a whole number from 16 to 65536"),
        (
            ["distort", "images", "out", "--size", "1000000"],
            "argument --size: expected a whole number from 16 to 65536",
        ),
        (
            ["distort", "images", "out", "--seed", "x"],
            "argument --seed: expected a whole number from 0 to 9223372036854775807, found 'x'",
        ),
        (["distort", "images", "out", "--size", "1_00"], "expected a whole number from 16 to 65536, found '1_00'"),
        (["distort", "images", "out", "--seed", "\u0661"], "argument --seed: expected a whole number"),
        (["distort", "images", ""], "argument out: expected a path, found ''"),
        (["discard", ""], "argument place: expected a study, or cache, found ''"),
        (["inspect", "no\nstore"], "no\\nstore: neither a complete store nor an unfinished one"),
        (["inspect", 300 * "x"], ": File name too long"),
        (
            ["inspect", "good.zarr", "--csv", "good.zarr/a.csv"],
            "expected another place, since good.zarr is the name of a",
        ),
        (["inspect", "good.zarr", "--csv", "nowhere/../a.csv"], "cannot be written: a folder in it does not exist"),
        (["inspect", "good.zarr", "--out", "a.png"], "argument --out: is about the plot of an image; expected --image"),
        (["inspect", "stimuli.zarr", "--weighting", "uniform"], "holds stimuli; --weighting is for evidence"),
        (["export", "good.zarr", "missing.zarr", "--out", "out"], "missing.zarr: no complete store"),
        (["export", "good.zarr", "stimuli.zarr", "--out", "out"], "stimuli.zarr: contains stimuli"),
        (["inspekt", "good.zarr"], "argument command: invalid choice: 'inspekt'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_is_one_line_and_leaves_nothing(place, arguments, said, capsys):
    before = sorted(path for path in place.rglob("*"))
    assert main(arguments) == 2
    found = capsys.readouterr()
    assert found.err.startswith("error: ") and found.err.count("\n") == 1 and said in found.err
    assert sorted(path for path in place.rglob("*")) == before


@pytest.mark.parametrize(
    ("error", "status", "said"), [(KeyboardInterrupt, 130, "error: interrupted\n"), (BrokenPipeError, 141, "")]
)
def test_interruptions_and_closed_pipes_give_no_traceback(place, monkeypatch, capfd, error, status, said):
    def run(_):
        raise error

    monkeypatch.setattr(verify, "run", run)
    assert main(["verify", "good.zarr"]) == status
    assert capfd.readouterr().err == said


def test_unfinished_evidence_is_still_summarised(tmp_path, capsys):
    stopped_after(1, tmp_path / "a.zarr")
    assert not Entry(tmp_path / "a.zarr").complete(2)
    assert main(["inspect", str(tmp_path / "a.zarr")]) == 0
    assert "1 of 3 shards, 4 of 10 images are complete" in capsys.readouterr().out
