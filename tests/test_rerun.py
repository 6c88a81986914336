"""Which jobs Snakemake plans after a change: evidence jobs only where losses may differ or are missing."""

import os
import re
import shutil

import pytest
import yaml

from small_studies import snakemake, write

ALL = {"evidence": 3}
NONE: dict[str, int] = {}


@pytest.fixture(scope="module")
def finished(tiny, tmp_path_factory):
    """A copy, with its dates, of the project in which the study `tiny` has run."""
    folder = tmp_path_factory.mktemp("finished") / "project"
    shutil.copytree(tiny, folder, symlinks=True)
    return folder


def planned(folder, **config):
    """The number of evidence jobs, and of trainings, that a dry run names."""
    run = snakemake(folder, "-n", study="tiny", **config)
    assert run.returncode == 0, run.stdout
    jobs = re.findall(r"^(evidence\w*|train_on_world) +(\d+)$", run.stdout, re.M)
    return {name: int(count) for name, count in jobs}


@pytest.fixture
def edit(finished):
    """Change a YAML file of the project; it is put back after the test."""
    before = {}

    def change(path, key, value):
        file = finished / path
        before.setdefault(file, file.read_text())
        content = yaml.safe_load(file.read_text())
        part = content
        *keys, last = key.split(".")
        for one in keys:
            part = part[one]
        part[last] = value
        write(content, file)

    yield change
    for file, text in before.items():
        file.write_text(text)


@pytest.mark.parametrize(
    "config",
    [
        {
            "device": "cpu",
            "batch_size": 3,
            "compile": "true",
            "mirror": "http://127.0.0.1:9",
            "evaluations_per_second": 5,
            "offline": "true",
            "images_per_job": 32,
        },
        {"hours_per_job": 0.001, "evaluations_per_second": 1},
    ],
    ids=["all", "hours_per_job"],
)
def test_settings_of_the_site_plan_no_evidence(finished, config):
    assert planned(finished, **config) == NONE


def test_what_losses_do_not_depend_on_plans_no_evidence(finished, edit):
    for path, key, value in (
        ("studies/tiny.yaml", "evidence.weighting", "uniform"),
        ("studies/tiny.yaml", "evidence.shard", 8),
        ("studies/tiny.yaml", "evidence.draws", 5),  # a classifier has one draw
        ("studies/tiny.yaml", "evidence.times", "uniform"),
        ("studies/tiny.yaml", "evidence.reconstruct_draw", None),
        ("studies/tiny.yaml", "description", "Another text."),
        ("studies/tiny.yaml", "simulated.simulated-01.noise", 0.5),
        ("registry/observers.yaml", "observers.miniature-cnn.label", "Another label"),
        ("registry/observers.yaml", "observers.miniature-cnn.batch_size", 7),
        ("registry/observers.yaml", "observers.miniature-cnn.mem_mb", 900),
        ("registry/datasets.yaml", "datasets.colour.label", "Another label"),
    ):
        edit(path, key, value)
    assert planned(finished) == NONE


@pytest.mark.parametrize(
    ("path", "key", "value", "expected"),
    [
        ("studies/tiny.yaml", "evidence.seed", 1, ALL),
        ("studies/tiny.yaml", "prompt", "A good photo of a {category}", ALL),
        ("registry/observers.yaml", "observers.miniature-cnn.dtype", "bfloat16", ALL),
        ("studies/tiny.yaml", "world.seed", 1, ALL | {"train_on_world": 1}),
    ],
)
def test_what_losses_depend_on_plans_evidence(finished, edit, path, key, value, expected):
    edit(path, key, value)
    assert planned(finished) == expected


def test_touched_files_plan_no_evidence(finished):
    for path in [*finished.rglob("data/tiny/stimuli/*/zarr.json"), *finished.rglob("data/tiny/weights/*/*")]:
        os.utime(path)
    assert planned(finished) == NONE


@pytest.mark.parametrize("symlinks", [True, False], ids=["with links", "links followed"])
def test_copied_data_plan_no_evidence(finished, tmp_path, symlinks):
    clone = tmp_path / "clone"
    shutil.copytree(finished, clone, symlinks=True, ignore=shutil.ignore_patterns("data", ".snakemake"))
    shutil.copytree(finished / "data", clone / "data", symlinks=symlinks, copy_function=shutil.copyfile)
    assert planned(clone) == NONE


def test_a_second_study_on_the_same_cache_evaluates_nothing(finished):
    write(yaml.safe_load((finished / "studies/tiny.yaml").read_text()), finished / "studies/second.yaml")
    before = sorted((finished / "data/evidence").rglob("*"))
    trained = finished / "data/second/weights"
    trained.parent.mkdir()
    shutil.copytree(finished / "data/tiny/weights", trained)
    receipts = [f"data/second/evidence/miniature-cnn/{dataset}.json" for dataset in ("colour", "silhouette")]
    run = snakemake(finished, *receipts, study="second")
    assert run.returncode == 0, run.stdout
    assert sorted((finished / "data/evidence").rglob("*")) == before
    for dataset in ("colour", "silhouette"):
        link = f"evidence/miniature-cnn/{dataset}.zarr"
        assert (finished / "data/second" / link).resolve() == (finished / "data/tiny" / link).resolve()
    shutil.rmtree(finished / "data/second")
    (finished / "studies/second.yaml").unlink()


def test_evidence_in_shares_is_the_same_bytes(finished, edit):
    edit("studies/tiny.yaml", "evidence.shard", 8)
    receipt, made = "data/tiny/evidence/miniature-cnn/colour.json", []
    for config, jobs in (
        ({}, NONE),
        ({"images_per_job": 8}, {"evidence_share": 4}),
        ({"images_per_job": 20}, {"evidence_share": 2}),
    ):
        (finished / receipt).unlink()
        (entry,) = (finished / "data/evidence").glob("miniature-cnn-*/colour-*.zarr")
        shutil.rmtree(entry)
        run = snakemake(finished, receipt, study="tiny", **config)
        assert run.returncode == 0, run.stdout
        counts = re.findall(r"^(evidence_share) +(\d+)$", run.stdout, re.M)
        assert {name: int(count) for name, count in counts} == jobs
        assert planned(finished) == NONE
        made.append(losses(entry))
    assert made[0] == made[1] == made[2] and len(made[0]) > 20


def losses(store):
    """Content of a store's files by path, but for the notes of how its shards were evaluated."""
    files = [path for path in store.rglob("*") if path.is_file() and "provenance" not in path.parts]
    return {path.relative_to(store): path.read_bytes() for path in files}
