"""Faults of a cluster: what the user sees, and that the evidence is the same bytes as without them."""

import shutil
import signal
import subprocess

import pytest
from small_project import (
    COMMAND,
    EVIDENCE,
    PATIENCE,
    evidence,
    held,
    said,
    shards,
    small_project,
    snakemake,
    start,
    store,
)

from small_studies import content, write

RUN = [*COMMAND, EVIDENCE]
STUDY = ["--config", "study=small"]
SPLIT = [*STUDY, "images_per_job=8"]  # into two jobs


@pytest.fixture(scope="module")
def evaluated(cluster, tmp_path_factory):
    """A project whose evidence was computed on this machine, without faults."""
    folder = small_project(tmp_path_factory.mktemp("evaluated") / "project")
    status, text = snakemake(folder, "--cores", "1", EVIDENCE, *STUDY)
    assert status == 0, text
    return folder


@pytest.fixture
def project(evaluated, cluster, tmp_path):
    """The same project without the evidence. What is left in the queue is cancelled after the test."""
    folder = shutil.copytree(evaluated, tmp_path / "project", symlinks=True)
    for part in ("data/evidence", "data/small/evidence"):
        shutil.rmtree(folder / part)
    yield folder
    cluster.cancel_jobs()


@pytest.fixture
def hold(evaluated, project):
    """Claim all shards, so that jobs wait until they are released."""
    with held(project / store(evaluated).relative_to(evaluated), shards(evaluated)) as release:
        yield release


def ends(run, project):
    """Wait for the end of a run; return what it said."""
    status = run.wait(PATIENCE)
    assert status == 0, said(project)
    return said(project)


def test_shares_run_as_a_job_array(evaluated, project, cluster):
    array = ["--slurm-array-jobs", "evidence_share"]
    status, text = snakemake(project, *RUN, *array, *SPLIT, environment=cluster.environment)
    assert status == 0, text
    assert "The individual task IDs are 1-2." in text
    assert evidence(project) == evidence(evaluated)


def test_cancelled_job_drained_node_and_restarted_controller(evaluated, project, cluster, hold):
    run = start(project, *RUN, *SPLIT, environment=cluster.environment)
    cluster.wait_for(lambda: len(cluster.jobs("RUNNING")) == 2, PATIENCE, "the start of two jobs")
    cluster.ask("scontrol", "update", "NodeName=node1", "State=DRAIN", "Reason=test")
    cluster.end("slurmctld")
    cluster.start_controller()
    cluster.wait_for(lambda: len(cluster.jobs("RUNNING")) == 2, PATIENCE, "the return of the jobs")
    first, second = cluster.jobs("RUNNING")
    cluster.ask("scancel", second)
    cluster.wait_for(lambda: {*cluster.jobs("RUNNING")} > {first}, PATIENCE, "the start of a job in its place")
    (third,) = {*cluster.jobs("RUNNING")} - {first}
    assert cluster.ask("squeue", "--noheader", f"--jobs={third}", "--format=%N") == "node2"
    cluster.ask("scontrol", "update", "NodeName=node1", "State=RESUME")
    hold.close()
    text = ends(run, project)
    assert f"SLURM-job '{second}' failed, SLURM status is: 'CANCELLED'" in text
    assert "Trying to restart job" in text
    assert f"SLURM-job '{first}'" not in text
    assert evidence(project) == evidence(evaluated)


def test_job_over_its_memory_then_over_its_time(evaluated, project, cluster, hold):
    registry = content(project / "registry/observers.yaml")
    registry["observers"]["tiny"]["mem_mb"] = 500  # less than the model's libraries; the next attempts have more
    write(registry, project / "registry/observers.yaml")
    time = ["--set-resources", "evidence:runtime=max(1, 30 * attempt - 60)"]  # minutes: 1, 1, 30
    run = start(project, *RUN, *time, *STUDY, environment=cluster.environment)
    cluster.wait_for(lambda: "'TIMEOUT'" in said(project), PATIENCE, "the end of a job's time")
    hold.close()
    text = ends(run, project)
    assert text.count("Trying to restart job") == 2
    over_memory, over_time = sorted(project.glob("logs/slurm/rule_evidence/**/*.log"), key=lambda log: int(log.stem))
    assert "exceeded memory limit" in over_memory.read_text()
    assert f"SLURM-job '{over_time.stem}' failed, SLURM status is: 'TIMEOUT'" in text
    assert str(over_memory) in text and str(over_time) in text
    assert evidence(project) == evidence(evaluated)


def test_killed_snakemake_and_two_at_once(evaluated, project, cluster, hold):
    killed = start(project, *RUN, *STUDY, environment=cluster.environment)
    cluster.wait_for(lambda: cluster.jobs("RUNNING"), PATIENCE, "the start of a job")
    status, text = snakemake(project, *RUN, *STUDY, environment=cluster.environment)
    assert status == 1 and "Directory cannot be locked" in text
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert snakemake(project, "--unlock", *STUDY)[0] == 0
    again = start(project, *RUN, *STUDY, environment=cluster.environment)
    cluster.wait_for(lambda: len(cluster.jobs("RUNNING")) == 2, PATIENCE, "the start of a second job")
    hold.close()
    ends(again, project)
    cluster.wait_for(lambda: not cluster.jobs("RUNNING,COMPLETING"), PATIENCE, "the end of the first job")
    assert evidence(project) == evidence(evaluated)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 600 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", disk], check=False)
    if mounting.returncode:
        pytest.skip("a small disk needs the right to mount it")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_full_disk(evaluated, project, cluster, small_disk):
    command = [*RUN, "--retries", "0", *STUDY, f"evidence_cache={small_disk}"]
    status, text = snakemake(project, *command, environment=cluster.environment)
    assert status == 1
    (line,) = {line for line in text.splitlines() if "No space left on device" in line}
    assert line.startswith(f"{small_disk}/tiny-")
    assert "Traceback" not in text
    assert not (project / EVIDENCE).exists()
    subprocess.run(["mount", "-o", "remount,size=100m", small_disk], check=True)
    status, text = snakemake(project, *command, environment=cluster.environment)
    assert status == 0, text
    assert store(project).is_relative_to(small_disk)
    assert evidence(project) == evidence(evaluated)
