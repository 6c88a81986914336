"""A small trial: `limit` restricts images and answers alike, and the full run uses its evidence."""

import re
import shutil

import numpy as np
import pandas as pd
import pytest

from generative_classifiers.decisions.csv_files import read_answers, write_answers
from generative_classifiers.evidence.cost_plan import forecast, number_of_images
from generative_classifiers.evidence.entry import Entry
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.stores import read
from generative_classifiers.stimuli.miniature.datasets import render
from generative_classifiers.study import targets
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.limit import first_images, taking_part
from generative_classifiers.study.load import load
from small_studies import TINY, python, snakemake
from study_documents import SMALL

EXAMPLE = "bottle1-elephant1.png"


def limited(dataset, limit):
    """The miniature's study with a limit, and the images of a dataset that take part."""
    study = load({"study": "miniature", "limit": limit})
    stimuli = render(dataset, study.datasets[dataset], study.world)
    return study, stimuli.isel(image=taking_part(study, dataset, stimuli["name"].values, stimuli))


def test_the_first_images_of_each_group_do_not_depend_on_their_order():
    names, groups = ["b2", "a1", "b1", "b3", "a2"], ["b", "a", "b", "b", "a"]
    assert first_images(names, groups, 1) == [1, 2]
    assert first_images(names, groups, 2) == [0, 1, 2, 4]
    assert first_images(names[::-1], groups[::-1], 2) == [0, 2, 3, 4]
    assert first_images(names, groups, 3) == [0, 1, 2, 3, 4]
    assert first_images(names, groups, 1, example="b3") == [1, 3]


@pytest.mark.parametrize("dataset", ["rotation", "edge", "cue-conflict"])
def test_every_condition_and_category_has_as_many_images_as_the_forecast_says(dataset):
    study, stimuli = limited(dataset, 1)
    counts = pd.Series(list(zip(stimuli["condition"].values, stimuli["category"].values, strict=True))).value_counts()
    assert (counts == 1).all() and len(counts) == 16 * len(study.datasets[dataset].conditions)
    assert number_of_images(study, dataset) == stimuli.sizes["image"]


def test_a_larger_limit_keeps_the_images_of_a_smaller_one():
    (_, few), (_, more) = limited("cue-conflict", 2), limited("cue-conflict", 5)
    assert set(few["name"].values) < set(more["name"].values)


def test_the_stimulus_of_the_example_images_takes_part():
    study, stimuli = limited("cue-conflict", 1)
    assert study.settings.example_images.stimulus.image == EXAMPLE
    names = stimuli["name"].values.tolist()
    assert [name for name in names if name.startswith("bottle")] == [EXAMPLE]
    assert "airplane1-bear1.png" in names and len(names) == 16


def test_the_forecast_of_the_paper_counts_the_limited_images():
    study = load({"study": "paper", "limit": 4})
    table = forecast(study).set_index(["observer", "dataset"])
    assert table.loc[("stable-diffusion-1-4", "edge"), "images"] == 4 * 16
    assert table.loc[("stable-diffusion-1-4", "contrast"), "images"] == 4 * 16 * 8
    contrast = table.loc[("stable-diffusion-1-4", "contrast")]
    assert contrast["evaluations"] == pytest.approx(4 * 16 * 8 * 16 * 64 * contrast["share"])


def test_published_decisions_of_the_paper_have_the_images_of_the_forecast(mirror_folder, datasets):
    study = load({"study": "paper", "limit": 4})
    for dataset, row in study.datasets.items():
        file = next(iter(row.decisions.humans.items()))
        path = mirror_folder / study.registry.place(file[1]).removeprefix("https://")
        found = read_answers(path, file[0], row.kind, row.conditions)
        assert len(taking_part(study, dataset, found.images.index, found.images)) == number_of_images(study, dataset)


def test_answers_that_are_left_keep_their_lines(tmp_path):
    study = load({"study": "miniature", "limit": 1})
    images = pd.DataFrame({"category": ["cat", "cat", "dog"], "condition": "all"}, ["cat2.png", "cat1.png", "dog1.png"])
    write_answers(tmp_path / "a.csv", "a", images.astype(object), np.array([0, 7, -1], np.int8))
    answers = read_answers(tmp_path / "a.csv", "a", "nonparametric", ["all"])
    left = answers.take(taking_part(study, "edge", answers.images.index, answers.images))
    assert left.images.index.tolist() == ["cat1.png", "dog1.png"] and left.response.tolist() == [7, -1]
    assert [left.place(0), left.place(1)] == [f"{tmp_path}/a.csv, line 3", f"{tmp_path}/a.csv, line 4"]


def test_the_limit_of_the_site_has_priority_and_each_limit_has_a_folder(documents, load_small):
    assert load_small().folder == "small" and load_small().limit is None
    documents[SMALL]["limit"] = 3
    assert (load_small().limit, load_small().folder, load_small().name) == (3, "small-limit-3", "small")
    study = load_small(limit=2)
    assert (study.limit, targets.decisions(study)[0]) == (2, "data/small-limit-2/decisions/colour.zarr/zarr.json")
    study = load_small(limit=2, retrain=True)
    assert study.made_weights("miniature-cnn") == ["data/small/weights/miniature-cnn/model.safetensors"]
    with pytest.raises(InputError, match="limit: expected at least 1, found 0"):
        load_small(limit=0)


def test_the_full_run_evaluates_only_the_images_that_the_trial_did_not(tiny, tmp_path):
    project = tmp_path / "project"
    shutil.copytree(tiny, project, symlinks=True)
    shutil.rmtree(project / "data/evidence")
    shutil.rmtree(project / "data/tiny/evidence")
    run = snakemake(project, study="tiny", limit=1)
    assert run.returncode == 0 and "rule train_on_world" not in run.stdout, run.stdout
    assert re.search(r"^CPU time on this machine: [1-9][\d,]* s$", run.stdout, re.M), run.stdout
    cells = {"colour": 2, "silhouette": 1, "cue-conflict": 1}
    for dataset, conditions in cells.items():
        decisions = read(project / f"data/tiny-limit-1/decisions/{dataset}.zarr")
        assert dict(decisions.sizes) == {"observer": 6, "image": 16 * conditions, "category": 16}
    run = python(project, "-m", "generative_classifiers", "archive", "tiny-limit-1", "--out", "trial.zip")
    assert run.returncode == 0, run.stdout
    full = {path.name for path in (tiny / "figures/tiny").iterdir()}
    assert {path.name for path in (project / "figures/tiny-limit-1").iterdir()} == full
    receipts = [f"data/tiny/evidence/miniature-cnn/{dataset}.json" for dataset in TINY]
    run = snakemake(project, *receipts, study="tiny")
    assert run.returncode == 0, run.stdout
    for dataset, images in TINY.items():
        link = f"data/tiny/evidence/miniature-cnn/{dataset}.zarr"
        trial = f"data/tiny-limit-1/evidence/miniature-cnn/{dataset}.zarr"
        if images == 16 * cells[dataset]:  # the trial had all of them
            assert (project / link).resolve() == (project / trial).resolve()
        else:
            new = sum(note["new_losses"] for note in Entry(project / link).provenance())
            assert new == (images - 16 * cells[dataset]) * len(CATEGORIES)
        np.testing.assert_allclose(read(project / link)["loss"], read(tiny / link)["loss"], rtol=1e-4)
