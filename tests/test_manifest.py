"""Manifests: parts that jobs complete independently."""

import pytest

import small_stores
from generative_classifiers.io import stores
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.manifest import check, faults, listing, part_path, read_part, write_part


@pytest.fixture
def store(tmp_path):
    """A store whose manifest has a part for the reconstructions."""
    path = tmp_path / "a.zarr"
    stores.write(small_stores.examples(), path)
    chunks = set(path.glob("reconstruction/c/**/*"))
    files = {file for file in path.rglob("*") if file.is_file() and file.parent.name != "manifest"}
    write_part(path, "pixels", chunks & files, shard=3)
    write_part(path, "static", files - chunks, parts=["pixels"])
    return path


def flip(path):
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])


def test_parts_list_all_files(store):
    check(store)
    assert read_part(store, "pixels")["shard"] == 3
    assert listing(store).keys() | {"manifest/static.json", "manifest/pixels.json"} == small_stores.files(store).keys()


def test_faults_are_those_of_a_part(store):
    flip(store / "reconstruction/c/0/0/0/0/0")
    assert faults(store, "static") == []
    assert faults(store, "pixels") == ["chunk 0/0/0/0/0 of reconstruction was changed"]


def test_a_part_that_is_missing_is_an_error(store):
    part_path(store, "pixels").unlink()
    with pytest.raises(InputError, match=r"a\.zarr: manifest/pixels\.json is missing; "):
        check(store)


def test_content_is_compared_where_it_is_asked_for(store):
    flip(store / "reconstruction/c/0/0/0/0/0")
    check(store, skip=["reconstruction"])
    check(store, content=False)
    with pytest.raises(InputError, match="of reconstruction was changed"):
        check(store, skip=["distance"])
    (store / "reconstruction/c/0/0/0/0/0").unlink()
    with pytest.raises(InputError, match="of reconstruction is missing"):
        check(store, skip=["reconstruction"], content=False)


def test_metadata_is_always_compared(store):
    flip(store / "reconstruction/zarr.json")
    with pytest.raises(InputError, match=r"reconstruction/zarr\.json was changed"):
        check(store, content=False)


def test_more_faults_are_counted(store):
    flip(store / "distance/c/0/0")
    flip(store / "category/c/0")
    with pytest.raises(InputError, match=r"chunk 0 of category was changed \(and 1 more faults\); "):
        check(store)
