"""Stores: complete or not at all, the same bytes for the same content, and read as written."""

import warnings

import numpy as np
import pytest
import xarray as xr

from generative_classifiers.io import stores
from generative_classifiers.io.attributes import decode_attributes


def files(folder):
    """Content by path of all files of a folder."""
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def responses():
    """Numbers with text coordinates."""
    return xr.Dataset(
        {"response": (("observer", "image"), np.array([[0, 15, -1], [3, 4, 5]], np.int8))},
        coords={
            "observer": np.array(["subject-01", "ein-Beobachter-mit-langem-Namen"]),
            "is_reference": ("observer", [True, False]),
            "name": ("image", np.array(["a.png", "été.png", ""])),
            "condition": ("image", np.array(["0.00", "inf", "3"])),
            "time": ("image", [0.5, np.nan, 0.0]),
        },
        attrs={"dataset": "colour"},
    )


@pytest.fixture
def stimuli():
    """Images, which xarray counts among the coordinates, for they are named like their dim."""
    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    return xr.Dataset(
        {"image": (("image", "y", "x", "channel"), pixels)}, coords={"name": ("image", np.array(["a", "b", "c"]))}
    )


@pytest.mark.parametrize("which", ["responses", "stimuli"])
def test_store_is_read_as_written(which, request, tmp_path):
    dataset = request.getfixturevalue(which)
    stores.write(dataset, tmp_path / "a.zarr", study="test", seeds={"noise": 3})
    found = stores.read(tmp_path / "a.zarr")
    xr.testing.assert_equal(found, dataset)
    assert all(found[name].dtype.kind == dataset[name].dtype.kind for name in dataset.variables)
    expected = dataset.attrs | {"study": "test", "seeds": {"noise": 3}, "versions": stores.versions()}
    assert decode_attributes(found.attrs) == expected and set(stores.versions("scipy")) == {
        "numpy",
        "xarray",
        "zarr",
        "scipy",
    }


def test_variables_can_be_left_out(stimuli, tmp_path):
    stores.write(stimuli, tmp_path / "a.zarr")
    assert "image" not in stores.read(tmp_path / "a.zarr", drop=["image"]).variables


@pytest.mark.parametrize("which", ["responses", "stimuli"])
def test_store_opens_without_a_warning(which, request, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stores.write(request.getfixturevalue(which), tmp_path / "a.zarr")
        found = xr.open_zarr(tmp_path / "a.zarr").load()
    assert found["name"].dtype.kind == "U"
    assert (tmp_path / "a.zarr/zarr.json").exists() and stores.store_of(tmp_path / "a.zarr/zarr.json").name == "a.zarr"


@pytest.mark.parametrize("which", ["responses", "stimuli"])
def test_same_content_gives_the_same_bytes(which, request, tmp_path):
    dataset = request.getfixturevalue(which)
    stores.write(dataset, tmp_path / "a.zarr", study="test")
    first = files(tmp_path / "a.zarr")
    stores.write(dataset, tmp_path / "a.zarr", study="test")
    stores.write(stores.read(tmp_path / "a.zarr"), tmp_path / "b.zarr", study="test")
    assert first == files(tmp_path / "a.zarr") == files(tmp_path / "b.zarr")


def test_store_is_replaced_completely(responses, stimuli, tmp_path):
    stores.write(stimuli, tmp_path / "a.zarr")
    stores.write(responses, tmp_path / "a.zarr")
    stores.write(responses, tmp_path / "b.zarr")
    assert files(tmp_path / "a.zarr") == files(tmp_path / "b.zarr")


@pytest.mark.parametrize("step", ["xarray.Dataset.to_zarr", "zarr.consolidate_metadata"])
def test_failure_leaves_the_old_store(responses, tmp_path, monkeypatch, step):
    def fail(*_, **__):
        raise OSError("disk full")

    stores.write(responses, tmp_path / "a.zarr")
    before = files(tmp_path / "a.zarr")
    with monkeypatch.context() as patch, pytest.raises(OSError, match="disk full"):
        patch.setattr(step, fail)
        stores.write(responses.isel(image=[0]), tmp_path / "a.zarr")
    assert files(tmp_path / "a.zarr") == before
    stores.write(responses, tmp_path / "a.zarr")
    assert files(tmp_path / "a.zarr") == before and [path.name for path in tmp_path.iterdir()] == ["a.zarr"]


def test_names_longer_than_those_that_were_read_are_not_cut_off(tmp_path):
    def observers(*names):
        return xr.Dataset({"accuracy": ("observer", np.ones(len(names)))}, {"observer": list(names)})

    stores.write(observers("short"), tmp_path / "a.zarr")
    both = xr.concat([stores.read(tmp_path / "a.zarr"), observers("a much longer name")], "observer")
    stores.write(both, tmp_path / "b.zarr")
    assert stores.read(tmp_path / "b.zarr")["observer"].values.tolist() == ["short", "a much longer name"]


def test_arrays_are_replaced_in_a_store_that_has_others(stimuli, tmp_path):
    stores.write_arrays(stimuli, tmp_path / "a.zarr", "w")
    for names in (["x", "y", "z"], ["longer", "names", "than before"]):
        stores.write_arrays(xr.Dataset(coords={"name": ("image", names)}), tmp_path / "a.zarr", "a")
        found = xr.open_zarr(tmp_path / "a.zarr")
        assert found["name"].values.tolist() == names
        np.testing.assert_array_equal(found["image"], stimuli["image"])
