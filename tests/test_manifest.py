"""Manifests: every change of a store's files is noticed."""

import numpy as np
import pytest
import zarr

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.manifest import check, part_path, read_part, write_manifest

REPAIR = r"delete .*a\.zarr/zarr\.json and run again: what is missing is made anew"


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "a.zarr"
    group = zarr.open_group(path, mode="w", zarr_format=3)
    group.create_array("loss", data=np.arange(24.0).reshape(4, 3, 2), chunks=(2, 3, 2))
    group.create_array("time", data=np.float64(0.5))
    write_manifest(path)
    return path


def test_a_whole_store_passes(store):
    check(store)
    assert {"loss/c/0/0/0", "loss/c/1/0/0", "loss/zarr.json", "time/c", "time/zarr.json", "zarr.json"} == read_part(
        store
    )["files"].keys()


@pytest.mark.parametrize("fault", ["missing", "truncated", "flipped"])
def test_every_fault_of_every_file_is_named(store, fault):
    for file in read_part(store)["files"]:
        path = store / file
        content = path.read_bytes()
        if fault == "missing":
            path.unlink()
        elif fault == "truncated":
            path.write_bytes(content[:-1])
        else:
            path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        with pytest.raises(InputError, match=rf"a\.zarr: .*; {REPAIR}$") as error:
            check(store)
        name = file.replace("/c/", " ").split()
        assert name[0].removesuffix("/c") in str(error.value)
        path.write_bytes(content)
    check(store)


def test_chunks_are_named_by_array_and_place(store):
    (store / "loss/c/1/0/0").unlink()
    with pytest.raises(InputError, match=r"a\.zarr: chunk 1/0/0 of loss is missing; delete"):
        check(store)


def test_content_is_compared_for_the_arrays_that_are_read(store):
    path = store / "loss/c/1/0/0"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    check(store, skip=["loss"])
    check(store, content=False)
    with pytest.raises(InputError, match="chunk 1/0/0 of loss"):
        check(store, skip=["time"])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2, "files": {}}', "{"])
def test_manifests_that_cannot_be_read_are_refused(store, text):
    part_path(store, "static").write_text(text)
    with pytest.raises(InputError, match=r"static\.json"):
        check(store)


def test_a_store_without_manifest_is_not_complete(store):
    part_path(store, "static").unlink()
    with pytest.raises(InputError, match=r"a\.zarr: manifest/static\.json is missing"):
        check(store)
