"""Damaged stores of a study: jobs refuse them, and the command in the message makes them anew."""

import shlex
import shutil

import pytest

from generative_classifiers.io import stores
from generative_classifiers.io.errors import InputError
from small_stores import files
from small_studies import python, snakemake

STORES = {"stimuli/silhouette": "image", "decisions/colour": "response", "metrics/accuracy": "accuracy"}


@pytest.fixture(scope="module")
def project(tiny, tmp_path_factory):
    """A copy of the study's project, so that other tests find theirs as it was."""
    return shutil.copytree(tiny, tmp_path_factory.mktemp("damaged") / "project", symlinks=True)


@pytest.mark.parametrize("name", STORES)
def test_the_command_in_the_message_repairs_the_store(project, name):
    store = project / f"data/tiny/{name}.zarr"
    before = files(store)
    chunk = next(path for path in sorted((store / STORES[name] / "c").rglob("*")) if path.is_file())
    chunk.write_bytes(chunk.read_bytes()[:-1])
    with pytest.raises(InputError, match=f"{name}.zarr: chunk .* of {STORES[name]} has ") as error:
        stores.read(store)
    command = str(error.value).partition("repair it with: snakemake ")[2]
    run = python(project, "-m", "snakemake", *shlex.split(command))
    assert run.returncode == 0, run.stdout
    assert files(store) == before


def test_the_command_evaluates_only_the_damaged_shards(project):
    link = project / "data/tiny/evidence/miniature-cnn/cue-conflict.zarr"
    before, untouched = files(link), (link / "loss/c/0/0/0").stat().st_mtime_ns
    (link / "loss/c/1/0/0").unlink()
    with pytest.raises(InputError, match=r"cue-conflict\.zarr: chunk 1/0/0 of loss is missing") as error:
        stores.read(link)
    run = python(project, "-m", "snakemake", *shlex.split(str(error.value).partition("snakemake ")[2]))
    assert run.returncode == 0, run.stdout
    assert files(link) == before and (link / "loss/c/0/0/0").stat().st_mtime_ns == untouched


def test_verify_checks_a_study(project):
    run = python(project, "-m", "generative_classifiers", "verify", "data/tiny")
    assert run.returncode == 0 and " stores are complete and unchanged" in run.stdout


def test_a_job_that_reads_a_damaged_store_ends_with_one_line(project):
    chunk = project / "data/tiny/decisions/colour.zarr/response/c/0/0"
    content = chunk.read_bytes()
    chunk.unlink()
    run = snakemake(project, "--forcerun", "accuracy", study="tiny")
    chunk.write_bytes(content)
    log = (project / "data/tiny/logs/accuracy.log").read_text()
    assert run.returncode == 1 and log in run.stdout and log.count("\n") == 1
    assert log.startswith(
        "data/tiny/decisions/colour.zarr: chunk 0/0 of response is missing; repair it with: snakemake "
    )
