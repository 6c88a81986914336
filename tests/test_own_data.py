"""Datasets on this machine: checked before anything runs, used in place, and read again when they change."""

import re

import pytest
from PIL import Image

from generative_classifiers.io.errors import InputError
from small_studies import ROOT, copy_project, snakemake
from study_documents import DATASETS, SMALL
from test_adding import blocks, do

STIMULI = "data/mine/stimuli/my-outlines.zarr/zarr.json"


def planned(project, **config):
    """How many jobs of each rule a dry run names."""
    run = snakemake(project, "-n", STIMULI, study="mine", **config)
    assert run.returncode == 0, run.stdout
    return dict(re.findall(r"^(\w+) +(\d+)$", run.stdout, re.M))


def test_only_changes_of_content_run_jobs_again(tmp_path):
    project = copy_project(tmp_path / "project")
    for block in blocks("A dataset with human decisions"):
        if block.language != "bash":
            do(block, project)
    run = snakemake(project, STIMULI, study="mine", mirror="http://127.0.0.1:9")
    assert run.returncode == 0, run.stdout
    assert not (project / "data/downloads").exists()
    assert planned(project) == {} == planned(project, mirror="http://127.0.0.1:10")
    image = project / "my-outlines/images/bear/bear1.png"
    image.touch()
    assert planned(project) == {}
    Image.new("RGB", (224, 224)).save(image)
    assert planned(project) == {"download": "1", "read_archive": "1", "total": "2"}


def test_no_setting_of_the_site_is_a_parameter_of_stimuli():
    assert "STUDY.site" not in (ROOT / "rules/stimuli.smk").read_text()


@pytest.fixture
def load_own(documents, load_small, tmp_path):
    """Load a study of colour whose rows have paths."""
    documents[SMALL] = {
        "description": "Own data.",
        "reference": "humans",
        "datasets": ["colour"],
        "stimuli": ["colour"],
        "observers": ["humans"],
    }

    def load(**changes):
        row = documents[DATASETS]["datasets"]["colour"]
        (tmp_path / "images").mkdir(exist_ok=True)
        (tmp_path / "1.csv").touch()
        row["stimuli"] = {"path": "images"} | changes.get("stimuli", {})
        row["decisions"]["humans"] = {"subject-01": {"path": "1.csv"} | changes.get("decisions", {})}
        return load_small()

    return load


def test_paths_take_the_place_of_addresses(load_own):
    study = load_own()
    assert study.sources("stimuli", "colour") == [("stimuli", "images", None), ("subject-01", "1.csv", None)]
    assert study.sources("decisions", "colour") == [("subject-01", "1.csv", None)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"stimuli": {"path": "none"}},
            "stimuli.path: expected a folder of images or a .tar.gz archive at none, found nothing",
        ),
        ({"stimuli": {"sha256": "0" * 64}}, "stimuli.path: images is a folder; expected no key sha256"),
        ({"stimuli": {"path": "ftp://a/b"}}, "stimuli.path: expected a path on this machine, without colons"),
        ({"stimuli": {"url": "https://a/b.tar.gz"}}, "stimuli.path: unknown key"),
        (
            {"decisions": {"path": "images"}},
            "decisions.humans.subject-01.path: expected a CSV file at images, found a folder",
        ),
        (
            {"decisions": {"path": "2.csv"}},
            "decisions.humans.subject-01.path: expected a CSV file at 2.csv, found nothing",
        ),
        ({"decisions": {"repository": "none"}}, "decisions.humans.subject-01.repository: 'none' is unknown"),
    ],
)
def test_wrong_paths_are_errors_that_name_the_line(load_own, changes, message):
    with pytest.raises(InputError, match=rf"^registry/datasets\.yaml, line \d+: datasets\.colour\.{message}"):
        load_own(**changes)
