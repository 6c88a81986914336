"""Real decisions and real images, from the download to the figures: the study `humans`."""

import csv
import hashlib
import os
import re
import shutil
import tarfile
import zlib
from importlib.metadata import version
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import yaml

from conftest import needs_models
from generative_classifiers.io.stores import read
from generative_classifiers.study import targets
from generative_classifiers.study.load import load
from small_studies import ROOT, content, copy_project, elsewhere, files_made, snakemake, unlike, write
from test_adding import blocks, do

STIMULI = {"edge": 160, "silhouette": 160, "cue-conflict": 1280}  # images
# Shape bias in percent: Geirhos et al. 2019; of resnet50, model-vs-human's own numbers.
SHAPE_BIAS = {
    "humans": 95.9,
    "alexnet-geirhos2019": 42.9,
    "vgg-geirhos2019": 17.2,
    "googlenet-geirhos2019": 31.2,
    "resnet50-geirhos2019-pytorch": 22.1,
    "resnet50": 21.4,
}
# The same of the networks that the study runs, and their accuracies: of a run with nothing but the packages of the
# weights, of which test_packaged_weights.py repeats a part.
NETWORKS = {
    "efficientnet-lite0": {"shape_bias": 24.1, "edge": 35.6, "silhouette": 50.6, "cue-conflict": 20.9},
    "efficientnet-lite1": {"shape_bias": 23.2, "edge": 28.1, "silhouette": 53.1, "cue-conflict": 18.7},
    "efficientnet-lite2": {"shape_bias": 23.4, "edge": 22.5, "silhouette": 51.2, "cue-conflict": 19.1},
}
# Mean error consistency of pairs of people, computed with model-vs-human.
KAPPA = {"edge": 0.31844, "silhouette": 0.47571, "cue-conflict": 0.33105}
FILE = "data/downloads/github.com/bethgelab/model-vs-human/raw/{commit}/raw-data/{path}"
# Of two models, the file with their decisions on cue conflicts.
FILES = {
    "clip": "cue-conflict_clip_session-1.csv",
    "gpt-4-vision-gavrikov2024": "20240228_002836_openai_vision.csv",
}
# As `sha256sum` writes and checks it; `make hashes` renews it, and the evidence of the networks.
LIST = ROOT / "tests/humans.sha256"
RECORDED = ROOT / "tests/humans_evidence.tar.xz"
ADVICE = f"""\
If a change was meant to do that, look at these files, then renew the list with `make hashes`. If nothing was meant to
change: other versions of packages, another zlib (here {zlib.ZLIB_RUNTIME_VERSION}) or another type of CPU may be why.
"""


@pytest.fixture(scope="module")
def humans(tmp_path_factory, mirror):
    """A copy of the project in which the study `humans` has run, in other surroundings than a user's.

    The networks take seven minutes of CPU time. Their evidence is restored from a record, of which
    test_packaged_weights.py evaluates a part again, and a slow test below all.
    """
    needs_models()
    folder = copy_project(tmp_path_factory.mktemp("humans") / "project")
    shutil.unpack_archive(RECORDED, folder / "data/evidence", filter="data")
    receipts = [f"data/humans/evidence/{name}/{dataset}.json" for name, dataset in product(NETWORKS, STIMULI)]
    for files, surroundings in ((receipts, None), ([], elsewhere())):
        run = snakemake(folder, *files, surroundings=surroundings, study="humans", mirror=mirror)
        assert run.returncode == 0, run.stdout
    return folder


def project(folder, datasets):
    """A copy of the project with the study `some`: a few datasets and networks."""
    copy_project(folder)
    study = {"datasets": list(datasets), "stimuli": list(datasets), "observers": list(SHAPE_BIAS)}
    write(content("studies/humans.yaml") | study, folder / "studies/some.yaml")
    return folder


def listed():
    """Hashes by path, from the list."""
    return {path: digest for digest, path in (line.split() for line in LIST.read_text().splitlines())}


def other_versions():
    """What figures are made with, and is installed in another version than the tests' own."""
    pins = [pin.split("==") for pin in content("envs/analysis.yaml")["dependencies"][-1]["pip"]]
    return {name: version(name) for name, pin in pins if version(name) != pin}


def rows(folder, table):
    with (folder / f"data/humans/metrics/{table}.csv").open(newline="") as handle:
        return list(csv.DictReader(handle))


def test_shape_bias(humans):
    table = {row["observer"]: row for row in rows(humans, "shape_bias") if row["category"] == "all"}
    assert {name: round(100 * float(table[name]["shape_bias"]), 1) for name in SHAPE_BIAS} == SHAPE_BIAS
    assert {"humans-mean", "subject-01", "subject-10"} <= table.keys()


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_on_the_images_that_can_be_had(humans, name):
    found = {row["dataset"]: row["accuracy"] for row in rows(humans, "accuracy") if row["observer"] == name}
    biases = {row["category"]: row["shape_bias"] for row in rows(humans, "shape_bias") if row["observer"] == name}
    found["shape_bias"] = biases["all"]
    assert {key: round(100 * float(value), 1) for key, value in found.items()} == NETWORKS[name]
    pairs = {(row["observer"][:7], row["dataset"]) for row in rows(humans, "consistency") if row["other"] == name}
    assert {("subject", dataset) for dataset in STIMULI} <= pairs


def test_people_agree_as_published(humans):
    for dataset, kappa in KAPPA.items():
        pairs = [row for row in rows(humans, "consistency") if row["dataset"] == dataset]
        people = [float(row["kappa"]) for row in pairs if row["observer"][:7] == row["other"][:7] == "subject"]
        assert len(people) == 45 and np.mean(people) == pytest.approx(kappa, abs=5e-6)


@pytest.mark.parametrize(("dataset", "count"), STIMULI.items())
def test_stimuli_are_what_people_saw(humans, dataset, count):
    stimuli, decisions = (read(humans / f"data/humans/{room}/{dataset}.zarr") for room in ("stimuli", "decisions"))
    assert stimuli["image"].shape == (count, 224, 224, 3) and stimuli["image"].dtype == np.uint8
    assert stimuli["name"].values.tolist() == decisions["name"].values.tolist()
    assert stimuli["category"].values.tolist() == decisions["true_category"].values.tolist()
    assert stimuli.attrs["source"].startswith("https://github.com/") and len(stimuli.attrs["sha256"]) == 64
    assert decisions["is_reference"].sum() == 10 and len(decisions["observer"]) >= 17


def test_all_evidence_of_the_networks_was_recorded(humans):
    left = [
        path.relative_to(humans / "data/evidence") for path in (humans / "data/evidence").rglob("*") if path.is_file()
    ]
    with tarfile.open(RECORDED) as archive:
        recorded = {Path(member.name) for member in archive if member.isfile()}
    assert {path for path in left if "loss" in path.parts} <= recorded, "evaluated again: renew it with `make hashes`"


@pytest.mark.slow
def test_networks_give_the_evidence_that_was_recorded(humans, mirror, tmp_path):
    folder = copy_project(tmp_path / "project")
    shutil.copytree(humans / "data/downloads", folder / "data/downloads", copy_function=os.link)
    run = snakemake(folder, "metrics", surroundings=elsewhere(), study="humans", mirror=mirror)
    assert run.returncode == 0, run.stdout
    for name, dataset in product(NETWORKS, STIMULI):
        made, recorded = (read_evidence(place / f"data/humans/evidence/{name}/{dataset}") for place in (folder, humans))
        np.testing.assert_allclose(made, recorded, rtol=1e-4, atol=1e-4)
        assert (made.argmin(axis=1) == recorded.argmin(axis=1)).all()


def read_evidence(place):
    """Losses (image, category) of a network, which has one draw."""
    return read(place.with_suffix(".zarr"))["loss"].values[..., 0]


def test_a_second_run_does_nothing(humans, mirror):
    assert "Nothing to be done" in snakemake(humans, study="humans", mirror=mirror).stdout


@pytest.fixture
def reader(humans, tmp_path, mirror, monkeypatch):
    """A copy of the project of somebody who has run the study `humans` and now reads docs/adding.md."""
    folder = copy_project(tmp_path / "project")
    shutil.copytree(humans / ".snakemake", folder / ".snakemake")
    shutil.copytree(humans / "data", folder / "data", copy_function=os.link)
    monkeypatch.setenv("GENERATIVE_CLASSIFIERS_MIRROR", mirror)
    return folder


@pytest.mark.parametrize(("other_way", "known"), [(False, "clip"), (True, "gpt-4-vision-gavrikov2024")])
def test_a_file_of_somebody_becomes_a_row_of_the_leaderboard(reader, other_way, known):
    (file,) = (path for path in (reader / "data/downloads").rglob("*.csv") if path.name == FILES[known])
    (reader / "decisions.csv").write_text(re.sub(f"^{known},", "my-network,", file.read_text(), flags=re.M))
    for block in blocks("A row of the leaderboard from a CSV file", other_way=other_way):
        do(block, reader)
    with (reader / "figures/humans/leaderboard.csv").open(newline="") as handle:
        found = {row["observer"]: row for row in csv.DictReader(handle)}
    mine, theirs = found["my-network"], found[known]
    assert mine["shape_bias"] == theirs["shape_bias"]
    # The random numbers of a resample depend on the number of observers.
    assert float(mine["shape_bias_lower"]) == pytest.approx(float(theirs["shape_bias_lower"]), abs=0.005)
    assert mine["label"] == "My network" and mine["licence"] == "CC BY 4.0" and mine["mean_rank"] == ""
    assert "My network" in (reader / "figures/humans/leaderboard.html").read_text()


def test_decisions_are_exported_as_the_documentation_says(reader):
    for block in blocks("Decisions for model-vs-human"):
        do(block, reader)
    assert len(list((reader / "model-vs-human/raw-data").glob("*/*_clip_session-1.csv"))) == 17


def test_list_names_every_file():
    study = load({"study": "humans"})
    assert sorted(listed()) == sorted(targets.figures(study) + targets.tables(study))


def test_figures_of_humans_are_as_listed(humans):
    if others := other_versions():
        pytest.skip(f"the list holds for the versions of envs/analysis.yaml, but here are {others}")
    figures = {path: made for path, made in files_made(humans, "humans").items() if path.startswith("figures/")}
    changed = unlike({path: hashlib.sha256(made).hexdigest() for path, made in figures.items()}, listed())
    assert not changed, f"unlike tests/humans.sha256: {', '.join(changed)}\n{ADVICE}"


def test_another_file_than_expected(tmp_path, mirror):
    folder = project(tmp_path / "project", ["edge"])
    path, target = folder / "registry/datasets.yaml", "data/some/decisions/edge.zarr/zarr.json"
    registry = yaml.safe_load(path.read_text())
    row = registry["datasets"]["edge"]["decisions"]["humans"]["subject-03"]
    place = FILE.format(commit=registry["repositories"]["model-vs-human"]["commit"], path=row["path"])
    message = f"{place}: the file downloaded has sha256 {row['sha256']}, expected {64 * 'f'}\n"
    before = path.read_text()
    path.write_text(before.replace(row["sha256"], 64 * "f"))
    run = snakemake(folder, target, study="some", mirror=mirror)
    assert run.returncode != 0 and "Traceback" not in run.stdout
    assert run.stdout.count(message) == 2  # the job's error, and its log, which is that and nothing else
    assert (folder / "data/some/logs/download/decisions/edge.log").read_text() == message
    left = [path.relative_to(folder).as_posix() for path in (folder / "data").rglob("*") if path.is_file()]
    assert {path for path in left if path.startswith("data/some")} == {"data/some/logs/download/decisions/edge.log"}
    assert place not in left and {path.rpartition(".")[2] for path in left} == {"csv", "lock", "log"}

    path.write_text(before)
    run = snakemake(folder, target, study="some", mirror=mirror)
    assert run.returncode == 0 and (folder / target).exists() and (folder / place).exists(), run.stdout
