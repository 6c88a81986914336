"""The cluster command, `snakemake --cores all --profile slurm`, on a one-node Slurm cluster without accounting."""

import itertools
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

import tiny_pipelines

ROOT = Path(__file__).parents[2]
# What a run needs of the project.
PARTS = ["config.yaml", "docs", "envs", "profiles", "registry", "rules"]
PARTS += ["schemas", "scripts", "slurm", "Snakefile", "studies"]
COMMAND = ["--cores", "all", "--profile", "slurm"]
# Jobs of some seconds: look after 2 and 14 seconds instead of 5 and 20.
COMMAND += ["--slurm-init-seconds-before-status-checks", "2"]
PATIENCE = 900  # seconds
NOTES = {"logs", "benchmarks", "provenance"}

# Three jobs that want one of two GPUs, and one that fails.
JOBS = """
rule all:
    input: "a.json", "b.json", "c.json", "broken.json"

rule gpu:
    output: "{name}.json"
    wildcard_constraints: name="[abc]"
    params: study=config["study"], added=config["added"]
    resources: gres="gpu:1", mem_mb=100, runtime=10
    script: "job.py"

rule broken:
    output: "broken.json"
    log: "broken.log"
    shell: "echo out of luck > {log}; exit 3"
"""
JOB = """
import json, os, sys, time
from pathlib import Path
record = dict(snakemake.params.items(), device=os.environ.get("CUDA_VISIBLE_DEVICES"), python=sys.executable)
record["start"] = time.time()
time.sleep(3)
Path(snakemake.output[0]).write_text(json.dumps(record | {"end": time.time()}))
"""


def snakemake(folder, *arguments, **options):
    command = [sys.executable, "-m", "snakemake", *arguments]
    options = {"cwd": folder, "timeout": PATIENCE, "capture_output": True, "text": True} | options
    return subprocess.run(command, **options)


@pytest.fixture(scope="module")
def jobs(cluster, tmp_path_factory):
    """The records of the three GPU jobs, what snakemake said, and its folder."""
    folder = tmp_path_factory.mktemp("jobs")
    for profile in ("slurm", "profiles"):
        shutil.copytree(ROOT / profile, folder / profile)
    (folder / "Snakefile").write_text(JOBS)
    (folder / "job.py").write_text(JOB)
    run = snakemake(folder, *COMMAND, "--config", "added=1", env=cluster)
    files = [folder / f"{name}.json" for name in "abc"]
    assert all(file.exists() for file in files), run.stderr
    return [json.loads(file.read_text()) for file in files], run, folder


def test_every_gpu_job_has_a_gpu_of_its_own(jobs):
    records, _, _ = jobs
    assert {record["device"] for record in records} == {"0", "1"}
    for one, other in itertools.combinations(records, 2):
        if one["start"] < other["end"] and other["start"] < one["end"]:
            assert one["device"] != other["device"]


def test_jobs_run_with_the_same_python_and_the_profiles_study(jobs):
    records, _, _ = jobs
    assert [record["python"] for record in records] == [sys.executable] * 3
    assert [(record["study"], record["added"]) for record in records] == [("paper", 1)] * 3


def test_a_failed_job_is_reported_and_the_others_finish(jobs):
    _, run, folder = jobs
    assert run.returncode == 1, run.stderr
    assert "Error in rule broken" in run.stderr
    assert "out of luck" in run.stderr
    (log,) = folder.glob("logs/slurm/**/*.log")
    assert str(log) in run.stderr
    assert "rule broken" in log.read_text()


@pytest.fixture
def project(tmp_path):
    """A copy of the project with a study `small`: one dataset, few images, a tiny model."""
    folder = tmp_path / "project"
    folder.mkdir()
    for part in filter(Path.exists, (ROOT / part for part in PARTS)):
        (shutil.copytree if part.is_dir() else shutil.copy)(part, folder / part.name)
    study = yaml.safe_load((ROOT / "studies/miniature.yaml").read_text())
    registry = yaml.safe_load((ROOT / "registry/observers.yaml").read_text())
    registry["observers"]["tiny"] = {"label": "Tiny", "family": "diffusion", "pipeline": "weights/tiny"}
    tiny_pipelines.pixel_diffusion(folder / "weights/tiny", side=study["world"]["size"] // 2)
    (folder / "registry/observers.yaml").write_text(yaml.safe_dump(registry, sort_keys=False))
    study |= {"observers": ["simulated", "tiny"], "datasets": ["silhouette"], "figures": ["figure_09"]}
    del study["example_images"]
    study["evidence"] |= {"draws": 1, "together": False}
    study["world"]["images"]["nonparametric"] = 16
    (folder / "studies/small.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    return folder


def files_made(folder):
    """The content of all the files that a run of the study leaves, but for those that tell how and how long it ran."""
    made = [path for room in ("data/small", "data/evidence", "figures/small") for path in folder.glob(f"{room}/**/*")]
    files = [path.relative_to(folder) for path in made if path.is_file()]
    return {path: (folder / path).read_bytes() for path in files if not {*path.parts} & NOTES}


def test_a_study_gives_the_same_bytes_as_a_local_run(project, cluster, tmp_path):
    local = shutil.copytree(project, tmp_path / "local")
    study = ["--config", "study=small"]
    with ThreadPoolExecutor() as pool:
        here = pool.submit(snakemake, local, "--cores", "1", *study)
        there = pool.submit(snakemake, project, *COMMAND, *study, env=cluster)
    for run in (here.result(), there.result()):
        assert run.returncode == 0, run.stderr
    expected, actual = files_made(local), files_made(project)
    assert {str(path) for path in expected} == {str(path) for path in actual}
    assert [str(path) for path in expected if expected[path] != actual[path]] == []
    assert any(path.suffix == ".png" for path in actual)
