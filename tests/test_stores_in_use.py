"""What users do with stores: every kind, opened by xarray alone, works with numpy, pandas and netCDF."""

import warnings

import numpy as np
import pytest
import xarray as xr

import tiny_pipelines
from generative_classifiers import models
from generative_classifiers.evidence.example_images import reconstruct
from generative_classifiers.io import stores
from generative_classifiers.study.prompts import prompts_of
from typed_rows import observer

METRICS = ("accuracy", "consistency", "shape_bias", "conditions", "benchmark", "comparisons", "ranking")
KINDS = {
    "stimuli": "stimuli/cue-conflict",
    "evidence": "evidence/miniature-cnn/cue-conflict",
    "decisions": "decisions/cue-conflict",
    **{name: f"metrics/{name}" for name in METRICS},
}


@pytest.fixture(scope="module")
def example_images(tiny, tmp_path_factory):
    """A store of example images with their reconstructions."""
    folder = tmp_path_factory.mktemp("examples")
    row = observer(family="diffusion", pipeline=str(tiny_pipelines.pixel_diffusion(folder / "pipeline")))
    model = models.load("tiny", row, prompts_of(("cat", "dog")), device="cpu")
    images = stores.read(tiny / "data/tiny/stimuli/colour.zarr").isel(image=[0, 1])
    made_by = {"observer": "tiny", **model.identity, "draw": 0}
    stores.write(reconstruct(model, [images], draw=0, seed=0, times="golden"), folder / "a.zarr", **made_by)
    return folder / "a.zarr"


@pytest.fixture(scope="module", params=[*KINDS, "example images"])
def store(request, tiny):
    """A store of each kind, opened as the README says."""
    kind = request.param
    path = request.getfixturevalue("example_images") if kind not in KINDS else tiny / f"data/tiny/{KINDS[kind]}.zarr"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield xr.open_zarr(path)


def texts(store):
    return {name: coord for name, coord in store.coords.items() if coord.dtype.kind not in "biuf"}


def test_text_is_numpys(store):
    assert texts(store)
    for coord in texts(store).values():
        assert coord.values.astype(str).tolist() == [str(value) for value in coord.values]
        assert np.isin(coord.values, np.unique(coord.values)).all()


def test_selection_by_name(store):
    indexed = [name for name in texts(store) if name in store.indexes and name != "bound"]
    for name in indexed:
        assert store.sel({name: store[name].values[-1]})[name].item() == str(store[name].values[-1])
    per_image = store.set_xindex("name") if "name" in store.coords else store
    assert indexed or per_image.sel(name=store["name"].values[0]).sizes


def test_groups(store):
    for name, coord in texts(store).items():
        groups = store.drop_vars(set(store.coords) - {name}).groupby(name).count()
        assert sorted(groups[name].values) == sorted(set(coord.values))


def test_tables(store):
    for variable in store.data_vars:
        table = store[variable].to_dataframe(variable if variable not in store.coords else None)
        assert len(table) == store[variable].size


def test_netcdf(store, tmp_path):
    store.to_netcdf(tmp_path / "a.nc")
    found = xr.load_dataset(tmp_path / "a.nc")
    xr.testing.assert_equal(found, store)
    assert found.attrs == store.attrs
