"""A study that trains a network on a folder of images, as `paper` does on ImageNet."""

import pandas as pd
import pytest
import xarray as xr
import yaml

from conftest import needs_models
from generative_classifiers.study import training_targets
from generative_classifiers.study.load import load
from image_folders import ROW, TRAINING, image_folder
from small_studies import snakemake, tiny_project, write

WEIGHTS = "data/tiny/weights/learner/model.safetensors"
DECISIONS = "data/tiny/decisions/colour.zarr"
OBSERVERS = "registry/observers.yaml"
RULE = "train_discriminative"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project, with the images, and a study that trains on them."""
    needs_models()
    place = tmp_path_factory.mktemp("training")
    folder, _ = tiny_project(place / "project"), image_folder(place / "images")
    study, observers = (yaml.safe_load((folder / path).read_text()) for path in ("studies/tiny.yaml", OBSERVERS))
    study |= {"datasets": ["colour"], "observers": ["simulated", "learner"]}
    del study["example_images"]
    row = {"label": "Learner", "noise": "sqrt_alphas", "training": TRAINING | {"dtype": "bfloat16"}}
    observers["observers"]["learner"] = ROW | row
    write(study, folder / "studies/tiny.yaml")
    write(observers, folder / OBSERVERS)
    return folder


def test_networks_are_left_out_without_images_and_weights(tmp_path):
    named = ["resnet50-noise", "resnet50-noise-alphas", "resnet50-vanilla"]
    without, with_images = (load({"study": "paper"} | one) for one in ({}, {"imagenet": "/somewhere"}))
    assert sorted(without.left_out) == named and not without.observers.keys() & {*named}
    assert with_images.left_out == {} and with_images.observers.keys() >= {*named}
    assert with_images.without_noise.items() >= dict.fromkeys(named[:2], named[2]).items()
    place = tmp_path / training_targets.weights("paper", named[0])
    place.parent.mkdir(parents=True)
    place.touch()
    left = training_targets.left_out("paper", with_images.observers, tmp_path, None)
    assert sorted(left) == named[1:]
    assert left[named[2]] == (
        "config.yaml does not name a folder of ImageNet to train it on, and its weights are not at "
        "data/paper/weights/resnet50-vanilla/model.safetensors"
    )


def test_the_rule_checks_the_folder_first(project):
    run = snakemake(project, WEIGHTS, study="tiny", imagenet="../elsewhere")
    assert run.returncode == 1 and "Traceback" not in run.stdout
    assert "../elsewhere/train: no such folder, expected train/<class>/… of 16 classes" in run.stdout
    assert not (project / WEIGHTS).parent.exists() or not any((project / WEIGHTS).parent.iterdir())


def test_a_study_trains_on_a_folder_and_decides(project):
    run = snakemake(project, f"{DECISIONS}/zarr.json", study="tiny", imagenet="../images")
    assert run.returncode == 0, run.stdout
    decisions = xr.open_zarr(project / DECISIONS)
    assert (decisions.response.sel(observer="learner") >= 0).all()
    evidence = xr.open_zarr(project / "data/tiny/evidence/learner/colour.zarr")
    assert evidence.attrs["noise"] == "sqrt_alphas"
    logs = project / "data/tiny/logs" / RULE / "learner"
    measures = {"loss", "learning_rate", "images_per_second", "validation_loss", "validation_accuracy"}
    assert {*pd.read_csv(logs / "curves.csv")["measure"]} == measures
    assert [*logs.glob("events.out.tfevents.*")]
    # Who has the weights needs no images any more.
    again = snakemake(project, "-n", f"{DECISIONS}/zarr.json", study="tiny")
    assert again.returncode == 0 and "Nothing to be done" in again.stdout, again.stdout
