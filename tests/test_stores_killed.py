"""Writing that is cut short: by kills, a full disk or a folder without permission."""

import errno
import os
import time
from itertools import count

import numpy as np
import pytest
import xarray as xr
from zarr.storage import _local

import small_stores
from generative_classifiers.io import durable, stores
from generative_classifiers.io.atomic import atomic_write
from generative_classifiers.io.errors import InputError
from small_studies import ROOT, python

KILLS = 40
FULL = OSError(errno.ENOSPC, "No space left on device")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def cannot_exchange(monkeypatch):
    """A file system that cannot exchange two names."""
    monkeypatch.setattr(durable, "_exchange", lambda *_: False)


def test_kills_leave_the_old_store_or_the_new_one(tmp_path):
    run = python(ROOT, "tests/killed_writes.py", str(tmp_path / "a.zarr"), str(KILLS), "0")
    assert run.returncode == 0, run.stdout
    assert 0 < int(run.stdout) < KILLS
    assert names(tmp_path) == ["a.zarr"]


def test_a_kill_between_two_renamings_loses_nothing(tmp_path, cannot_exchange, monkeypatch):
    store = tmp_path / "a.zarr"
    stores.write(small_stores.decisions(), store)
    before = small_stores.files(store)
    store.rename(tmp_path / "a.zarr.replaced")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(stores, "write_arrays", interrupted)
        stores.write(small_stores.metrics(), store)
    assert small_stores.files(store) == before and names(tmp_path) == ["a.zarr"]


def interrupted(*_):
    raise KeyboardInterrupt


def test_leftovers_of_kills_are_removed(tmp_path, cannot_exchange):
    for leftover in ("a.zarr.replaced", "a.zarr.partial", "a.zarr"):
        stores.write(small_stores.metrics(), tmp_path / leftover)
    stores.write(small_stores.decisions(), tmp_path / "a.zarr")
    assert names(tmp_path) == ["a.zarr"] and "response" in stores.read(tmp_path / "a.zarr")


@pytest.mark.parametrize("failing", [1, 2, 4, 6])
def test_a_full_disk_is_one_line_and_leaves_the_old_store(tmp_path, monkeypatch, failing):
    """Zarr goes on writing other chunks after an error of one of them: they must not come back after the cleaning."""
    store, many_chunks = tmp_path / "a.zarr", xr.Dataset({"a": ("i", np.arange(3e6))})
    stores.write(small_stores.decisions(), store)
    before, calls, put = small_stores.files(store), count(1), _local._put

    def fail_once(*arguments, **options):
        if next(calls) == failing:
            raise FULL
        time.sleep(0.01)
        return put(*arguments, **options)

    with monkeypatch.context() as patch, pytest.raises(InputError) as error:
        patch.setattr(_local, "_put", fail_once)
        stores.write(many_chunks, store)
    assert str(error.value) == f"{store}: cannot be written (No space left on device)"
    assert small_stores.files(store) == before and names(tmp_path) == ["a.zarr"]


@pytest.mark.parametrize("step", ["manifest.sync_file", "manifest.sync_folder", "stores.replace_folder"])
def test_a_disk_that_is_full_at_last_leaves_the_old_store(tmp_path, monkeypatch, step):
    def full(*_):
        raise FULL

    store = tmp_path / "a.zarr"
    stores.write(small_stores.decisions(), store)
    before = small_stores.files(store)
    with monkeypatch.context() as patch, pytest.raises(InputError, match=r"a\.zarr: cannot be written \(No space"):
        patch.setattr(f"generative_classifiers.io.{step}", full)
        stores.write(small_stores.metrics(), store)
    assert small_stores.files(store) == before and names(tmp_path) == ["a.zarr"]


@pytest.fixture
def read_only_folder(tmp_path):
    """A folder in which this process cannot write."""
    folder, user = tmp_path / "closed", os.geteuid()
    folder.mkdir()
    folder.chmod(0o555)
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents[:2]:
        parent.chmod(0o755)
    if user == 0:
        os.seteuid(65534)
    yield folder
    os.seteuid(user)


def test_a_read_only_folder_is_one_line(read_only_folder):
    store, table = read_only_folder / "a.zarr", read_only_folder / "a.csv"
    with pytest.raises(InputError) as error:
        stores.write(small_stores.decisions(), store)
    assert str(error.value) == f"{store}: cannot be written (Permission denied)"
    with pytest.raises(InputError) as error, atomic_write(table) as partial:
        partial.write_text("1,2")
    assert str(error.value) == f"{table}: cannot be written (Permission denied)"


@pytest.mark.parametrize("fault", [FULL, KeyError("a"), KeyboardInterrupt()])
def test_an_error_leaves_no_half_of_a_file(tmp_path, fault):
    path = tmp_path / "a.csv"
    path.write_text("old")
    with pytest.raises(InputError if fault is FULL else type(fault)), atomic_write(path) as partial:
        partial.write_text("1,")
        raise fault
    assert names(tmp_path) == ["a.csv"] and path.read_text() == "old"


def test_other_errors_of_the_system_are_not_taken_for_a_full_disk(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "a.csv"):
        (tmp_path / "nothing").read_text()


def test_jobs_report_a_full_disk_in_one_line(tmp_path):
    log = tmp_path / "logs/a.log"
    script = f"""
from types import SimpleNamespace
from generative_classifiers.io.job import job
job({{"snakemake": SimpleNamespace(log=[{str(log)!r}])}})
raise OSError({errno.ENOSPC}, "No space left on device", "data/a.npy")
"""
    run = python(tmp_path, "-c", script)
    assert run.returncode == 1 and run.stdout == log.read_text() == "data/a.npy: No space left on device\n"
