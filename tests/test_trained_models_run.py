"""Networks that one study trains and another shows: from the archive, without any training or evaluation."""

import re

import pandas as pd
import pytest

from conftest import needs_models
from generative_classifiers.__main__ import main
from generative_classifiers.evidence.trained_models import decisions_of
from generative_classifiers.io.errors import InputError
from small_studies import content, snakemake, tiny_project, write

DATASETS = ["colour", "uniform-noise", "cue-conflict"]
STORES = [f"data/trainer/decisions/{dataset}.zarr/zarr.json" for dataset in DATASETS]
ARCHIVE = "weights/trainer.zip"
STEPS = {"steps": 4, "warm_up": 1, "decay": 2}
FIGURE = "figures/shower/figure_S6.png"


def small_project(folder):
    """A copy with a study that trains two networks for a few steps, and one that shows them."""
    tiny_project(folder)
    study = content("studies/lab-models.yaml")
    study["world"] |= {"size": 32, "images": {"parametric": 16, "nonparametric": 16, "cue-conflict": 240}}
    study["evidence"] |= {"exhaustive": {}, "draws_of": {}}
    group = {"of": "miniature-cnn", "seeds": 2, "change": {"training": STEPS}, "variants": {"plain": {}}}
    group |= {"compared_with": "cnn-plain-0"}
    study |= {"observers": ["simulated"], "trainings": {"cnn": group}, "figures": ["figure_S6"]}
    del study["matched"]
    write(study, folder / "studies/trainer.yaml")
    shower = study | {"trained_by": "trainer"}
    del shower["trainings"]
    write(shower, folder / "studies/shower.yaml")
    (folder / "weights").mkdir()
    return folder


def test_two_trained_networks_travel_as_an_archive(tmp_path, monkeypatch):
    needs_models()
    first, second = small_project(tmp_path / "first"), small_project(tmp_path / "second")
    run = snakemake(first, study="trainer")
    assert run.returncode == 0, run.stdout
    assert re.search(r"^train_on_world +2$", run.stdout, re.M), run.stdout
    monkeypatch.chdir(first)
    assert main(["archive", "trainer", "--out", str(second / ARCHIVE), "--date", "2026-01-02"]) == 0
    names = [path.name for path in (first / "data/trainer/weights").iterdir()]
    assert sorted(names) == ["cnn-plain-0", "cnn-plain-1"]

    run = snakemake(second, FIGURE, study="shower")
    assert run.returncode == 0, run.stdout
    jobs = set(re.findall(r"^(\w+) +\d+$", run.stdout, re.M)) - {"total"}
    assert jobs == {"trained_models", "dose_response", "figure_S6"}, run.stdout
    tables = [
        pd.read_csv(one / "metrics/dose_response.csv") for one in (first / "data/trainer", second / "data/shower")
    ]
    assert tables[0].equals(tables[1]) and {*tables[0]["variant"]} == {"plain"}
    assert not (second / "data/trainer/weights").exists()
    assert "Nothing to be done" in snakemake(second, FIGURE, study="shower").stdout


def test_without_archive_and_decisions_the_error_says_how_to_make_them(tmp_path):
    with pytest.raises(InputError) as error:
        decisions_of("trainer", STORES, tmp_path / ARCHIVE, tmp_path, tmp_path / "cache")
    message = str(error.value)
    assert "weights/trainer.zip: no such file, and the study trainer has not run here" in message
    assert message.endswith("make lab_models") and "\n" not in message
    assert not any(tmp_path.iterdir())
