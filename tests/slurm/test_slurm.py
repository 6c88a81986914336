"""The cluster command, `snakemake --cores all --profile slurm`, on a Slurm cluster of two nodes without accounting."""

import itertools
import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from small_project import COMMAND, small_project, snakemake

from small_studies import ROOT

NOTES = {"logs", "benchmarks", "provenance"}

# Five jobs that want one of four GPUs, and one that fails.
JOBS = """
rule all:
    input: [f"{name}.json" for name in "abcde"], "broken.json"

rule gpu:
    output: "{name}.json"
    wildcard_constraints: name="[a-e]"
    params: study=config["study"], added=config["added"]
    resources: gres="gpu:1", mem_mb=1000, runtime=10
    script: "job.py"

rule broken:
    output: "broken.json"
    log: "broken.log"
    shell: "echo out of luck > {log}; exit 3"
"""
JOB = """
import json, os, sys, time
from pathlib import Path
gpu = [os.environ.get(name) for name in ("SLURMD_NODENAME", "CUDA_VISIBLE_DEVICES")]
record = dict(snakemake.params.items(), gpu=gpu, python=sys.executable)
record["start"] = time.time()
time.sleep(3)
Path(snakemake.output[0]).write_text(json.dumps(record | {"end": time.time()}))
"""


@pytest.fixture(scope="module")
def jobs(cluster, tmp_path_factory):
    """The records of the GPU jobs, what snakemake said, and its folder."""
    folder = tmp_path_factory.mktemp("jobs")
    for profile in ("slurm", "profiles"):
        shutil.copytree(ROOT / profile, folder / profile)
    (folder / "Snakefile").write_text(JOBS)
    (folder / "job.py").write_text(JOB)
    arguments = ["--retries", "0", "--config", "added=1"]
    status, text = snakemake(folder, *COMMAND, *arguments, environment=cluster.environment)
    files = [folder / f"{name}.json" for name in "abcde"]
    assert status == 1 and all(file.exists() for file in files), text
    return [json.loads(file.read_text()) for file in files], text, folder


def test_every_gpu_job_has_a_gpu_of_its_own(jobs):
    records, _, _ = jobs
    assert {record["gpu"][0] for record in records} == {"node1", "node2"}
    assert {record["gpu"][1] for record in records} == {"0", "1"}
    for one, other in itertools.combinations(records, 2):
        if one["start"] < other["end"] and other["start"] < one["end"]:
            assert one["gpu"] != other["gpu"]


def test_jobs_run_with_the_same_python_and_the_profiles_study(jobs):
    records, _, _ = jobs
    assert [record["python"] for record in records] == [sys.executable] * 5
    assert [(record["study"], record["added"]) for record in records] == [("paper", 1)] * 5


def test_a_failed_job_is_reported_and_the_others_finish(jobs):
    _, text, folder = jobs
    assert "Error in rule broken" in text
    assert "out of luck" in text
    (log,) = folder.glob("logs/slurm/**/*.log")
    assert str(log) in text
    assert "rule broken" in log.read_text()


def files_made(folder):
    """The content of all the files that a run of the study leaves, but for those that tell how and how long it ran."""
    made = [path for room in ("data/small", "data/evidence", "figures/small") for path in folder.glob(f"{room}/**/*")]
    files = [path.relative_to(folder) for path in made if path.is_file()]
    return {path: (folder / path).read_bytes() for path in files if not {*path.parts} & NOTES}


def test_a_figure_gives_the_same_bytes_as_in_a_local_run(cluster, tmp_path):
    """One figure, with all jobs from stimuli to it."""
    project = small_project(tmp_path / "project")
    local = shutil.copytree(project, tmp_path / "local")
    study = ["figure_09", "--config", "study=small"]
    with ThreadPoolExecutor() as pool:
        here = pool.submit(snakemake, local, "--cores", "1", *study)
        there = pool.submit(snakemake, project, *COMMAND, *study, environment=cluster.environment)
    for status, text in (here.result(), there.result()):
        assert status == 0, text
    expected, actual = files_made(local), files_made(project)
    assert {str(path) for path in expected} == {str(path) for path in actual}
    assert [str(path) for path in expected if expected[path] != actual[path]] == []
    assert any(path.suffix == ".png" for path in actual)
