"""Evidence stores: what they contain, and that neither interruptions nor reruns lose or repeat work."""

import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import killed_often
import tiny_pipelines
from generative_classifiers.draws.levels import Draws, single, times
from generative_classifiers.draws.noise import gaussian
from generative_classifiers.evidence.fingerprint import content_hash
from generative_classifiers.evidence.job import compute_evidence
from generative_classifiers.io import stores
from generative_classifiers.io.attributes import decode_attributes
from generative_classifiers.io.errors import InputError
from killed_often import stimuli

HERE = Path(__file__).parent


class FakeModel:
    """A model without a network, whose losses depend on names, draws and pixels. It records its evaluations."""

    categories = ("cat", "dog", "truck")
    resolution = 16
    batch_size = 64
    reconstructs = True
    packages = ()

    def __init__(self, levels=True, **identity):
        self.levels, self.identity, self.asked = levels, {"family": "fake", "batch_size": 64} | identity, []
        self.evaluations = 0

    def draws(self, count, seed, rule="golden"):
        time = times(count, seed, rule)
        several = Draws(np.arange(count), time, 1 - time, time, np.full(count, seed))
        return several if self.levels else single(seed)

    def evaluate(self, images, names, draws, reconstruct=None):
        self.asked.append((list(names), draws.number.tolist()))
        self.evaluations += len(names) * len(draws) * 3
        loss = np.empty((len(names), 3, len(draws)), np.float32)
        for i, d in np.ndindex(len(names), len(draws)):
            loss[i, :, d] = images[i].mean() + gaussian(names[i], draws.number[d], draws.seed[d], (3,))
        painted = np.stack([images] * 3, axis=1) if reconstruct in draws.number else None
        return loss, painted


def compute(store, model=None, images=None, **settings):
    model = model or FakeModel()
    images = stimuli(10) if images is None else images
    defaults = {"observer": "fake", "dataset": "random", "study": "test", "count": 3, "shard": 4}
    compute_evidence(model, images, store, progress=False, **defaults | settings)
    return model


def files(store):
    """Content of all files of a store, by path."""
    return {p.relative_to(store).as_posix(): p.read_bytes() for p in sorted(store.rglob("*")) if p.is_file()}


def siblings(store):
    return sorted(path.name for path in store.parent.iterdir())


def test_store_has_the_documented_variables_coordinates_and_attributes(tmp_path):
    images = stimuli(10)
    images = images.assign_coords(texture_category=("image", np.array(["dog"] * 10, object)))
    compute(tmp_path / "a.zarr", FakeModel(weights="abc"), images, reconstruct=2, seed=7)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = xr.open_zarr(tmp_path / "a.zarr").load()
    assert found["loss"].dims == ("image", "category", "draw") and found["loss"].dtype == np.float32
    assert found["reconstruction"].dims == ("image", "category", "y", "x", "channel")
    assert found["reconstruction"].dtype == np.uint8
    assert (found["evaluations"] == 9).all() and found["evaluations"].dims == ("image",)
    assert set(found.coords) == {
        *("name", "true_category", "condition", "texture_category", "category"),
        *("time", "alpha", "sigma", "seed"),
    }
    assert found["category"].values.tolist() == ["cat", "dog", "truck"]
    assert found["name"].values.tolist() == images["name"].values.tolist()
    assert set(found["true_category"].values) == {"cat"} and set(found["texture_category"].values) == {"dog"}
    np.testing.assert_array_equal(found["time"], times(3, 7))
    assert found["seed"].values.tolist() == [7, 7, 7]
    expected, _ = FakeModel().evaluate(images["image"].values, images["name"].values, FakeModel().draws(3, 7))
    np.testing.assert_array_equal(found["loss"], expected)
    attributes = {"study": "test", "observer": "fake", "dataset": "random", "weights": "abc", "seed": 7}
    assert attributes.items() <= decode_attributes(found.attrs).items()
    assert len(found.attrs["fingerprint"]) == 64 and "zarr" in decode_attributes(found.attrs)["versions"]
    assert siblings(tmp_path / "a.zarr") == ["a.zarr"]


def test_lazy_and_loaded_stimuli_give_the_same_bytes(tmp_path):
    stores.write(stimuli(10), tmp_path / "stimuli.zarr")
    compute(tmp_path / "memory.zarr")
    for name, images in {
        "lazy": xr.open_zarr(tmp_path / "stimuli.zarr"),
        "read": stores.read(tmp_path / "stimuli.zarr"),
    }.items():
        compute(tmp_path / f"{name}.zarr", images=images)
        assert files(tmp_path / f"{name}.zarr") == files(tmp_path / "memory.zarr")


def test_images_of_different_shards_are_evaluated_separately(tmp_path):
    model = compute(tmp_path / "a.zarr")
    assert [len(names) for names, _ in model.asked] == [4, 4, 2]


def test_family_without_levels_has_one_draw_and_no_reconstructions(tmp_path):
    model = FakeModel(levels=False)
    model.reconstructs = False
    compute(tmp_path / "a.zarr", model, reconstruct=2)
    found = stores.read(tmp_path / "a.zarr")
    assert found["loss"].shape == (10, 3, 1) and np.isnan(found["time"]).all()
    assert "reconstruction" not in found


def test_complete_store_is_not_touched(tmp_path):
    compute(tmp_path / "a.zarr")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "a.zarr").rglob("*")}
    assert compute(tmp_path / "a.zarr").evaluations == 0
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "a.zarr").rglob("*")}


def test_complete_store_without_its_root_is_not_evaluated_again(tmp_path):
    compute(tmp_path / "a.zarr", reconstruct=0)
    before = files(tmp_path / "a.zarr")
    (tmp_path / "a.zarr/zarr.json").unlink()
    assert compute(tmp_path / "a.zarr", reconstruct=0).evaluations == 0
    assert files(tmp_path / "a.zarr") == before


def test_empty_folder_in_the_place_is_replaced(tmp_path):
    (tmp_path / "a.zarr").mkdir()
    compute(tmp_path / "a.zarr")
    assert stores.read(tmp_path / "a.zarr")["loss"].shape == (10, 3, 3)


def stopped_after(shards, store, **settings):
    """Leave an unfinished store: the model fails after some shards."""
    model = FakeModel()
    evaluate = model.evaluate

    def failing(images, names, draws, reconstruct=None):
        if len(model.asked) == shards:
            raise KeyboardInterrupt
        return evaluate(images, names, draws, reconstruct)

    model.evaluate = failing
    with pytest.raises(KeyboardInterrupt):
        compute(store, model, **settings)
    assert store.name + ".partial" in siblings(store)


def test_interrupted_job_is_continued_with_the_same_bytes(tmp_path):
    store, fresh = tmp_path / "work/a.zarr", tmp_path / "fresh/a.zarr"
    store.parent.mkdir()
    stopped_after(2, store, reconstruct=1)
    leftover = tmp_path / "work/a.zarr.partial/loss/c/2/0/0.0123456789abcdef.partial"
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"half a chunk")
    model = compute(store, reconstruct=1)
    assert [len(names) for names, _ in model.asked] == [2]
    compute(fresh, reconstruct=1)
    assert files(store) == files(fresh) and siblings(store) == ["a.zarr"]


def test_shards_without_a_marker_are_evaluated_again(tmp_path):
    store = tmp_path / "a.zarr"
    stopped_after(2, store)
    (tmp_path / "a.zarr.partial/evaluations/c/1").unlink()
    (tmp_path / "a.zarr.partial/loss/c/1/0/0").write_bytes(b"")
    assert [len(names) for names, _ in compute(store).asked] == [4, 2]


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"times": "uniform"},
        {"shard": 5},
        {"reconstruct": 1},
        {"model": FakeModel(weights="other")},
        {"images": stimuli(10, seed=1)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_unfinished_store_of_other_settings_is_discarded(tmp_path, change):
    store, fresh = tmp_path / "a.zarr", tmp_path / "fresh.zarr"
    stopped_after(2, store)
    model = change.get("model")
    if model:
        model.evaluations = 0
    assert compute(store, **change).evaluations == 10 * 3 * 3
    compute(fresh, **change)
    assert files(store) == files(fresh) and siblings(store) == ["a.zarr", "fresh.zarr"]


def test_complete_store_of_other_settings_stays_until_the_new_one_is_complete(tmp_path):
    store = tmp_path / "a.zarr"
    compute(store)
    before = files(store)
    stopped_after(2, store, seed=1)
    assert files(store) == before
    assert compute(store, seed=1).evaluations == 2 * 3 * 3
    assert stores.read(store).attrs["seed"] == 1 and siblings(store) == ["a.zarr"]


def test_unfinished_store_is_discarded_if_the_complete_one_fits_again(tmp_path):
    store = tmp_path / "a.zarr"
    compute(store)
    stopped_after(2, store, seed=1)
    assert compute(store).evaluations == 0
    assert siblings(store) == ["a.zarr"]


@pytest.mark.parametrize("deleted", [False, True])
def test_more_draws_evaluate_only_the_new_ones(tmp_path, deleted):
    store, fresh = tmp_path / "a.zarr", tmp_path / "fresh.zarr"
    compute(store, count=2, reconstruct=1)
    if deleted:
        (store / "zarr.json").unlink()
    model = compute(store, count=5, reconstruct=1)
    assert [draws for _, draws in model.asked] == [[2, 3, 4]] * 3
    compute(fresh, count=5, reconstruct=1)
    assert files(store) == files(fresh) and siblings(store) == ["a.zarr", "fresh.zarr"]


def test_fewer_draws_need_no_evaluation(tmp_path):
    store, fresh = tmp_path / "a.zarr", tmp_path / "fresh.zarr"
    compute(store, count=5)
    assert compute(store, count=2).evaluations == 0
    compute(fresh, count=2)
    assert files(store) == files(fresh)


def test_unfinished_store_is_extended_by_more_draws(tmp_path):
    store, fresh = tmp_path / "a.zarr", tmp_path / "fresh.zarr"
    stopped_after(2, store, count=2)
    stopped_after(1, store, count=5)
    model = compute(store, count=5)
    assert [draws for _, draws in model.asked] == [[2, 3, 4], [0, 1, 2, 3, 4]]
    compute(fresh, count=5)
    assert files(store) == files(fresh) and siblings(store) == ["a.zarr", "fresh.zarr"]


def test_job_killed_at_random_moments_gives_the_same_bytes(tmp_path):
    folder = tiny_pipelines.pixel_diffusion(tmp_path / "pipeline")
    work = killed_often.job(folder, tmp_path / "fresh/a.zarr", tmp_path / "fresh.log")
    work()
    store, log = tmp_path / "killed/a.zarr", tmp_path / "killed.log"
    paths = [str(HERE), str(HERE.parent / "scripts")]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)}
    killed = subprocess.run(
        [sys.executable, HERE / "killed_often.py", folder, store, log, "0"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(killed.stdout) >= 2
    shards = -(-killed_often.IMAGES // killed_often.SHARD)
    assert len((tmp_path / "fresh.log").read_text().splitlines()) == shards
    evaluated = log.read_text().splitlines()
    assert len(set(evaluated)) == shards
    assert len(evaluated) <= shards + int(killed.stdout)
    assert files(store) == files(tmp_path / "fresh/a.zarr") and siblings(store) == ["a.zarr"]


def test_two_jobs_at_once_evaluate_each_shard_once(tmp_path):
    folder = tiny_pipelines.pixel_diffusion(tmp_path / "pipeline")
    work = killed_often.job(folder, tmp_path / "a.zarr", tmp_path / "log")
    children = [killed_often.run(work) for _ in range(2)]
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    shards = -(-killed_often.IMAGES // killed_often.SHARD)
    assert len((tmp_path / "log").read_text().splitlines()) == shards
    assert siblings(tmp_path / "a.zarr") == ["a.zarr", "log", "pipeline"]


def test_content_hash_depends_on_pixels_coordinates_and_shape():
    base = stimuli(3)
    pixel = base.copy(deep=True)
    pixel["image"][2, 0, 0, 0] += 1
    renamed = base.assign_coords(name=("image", ["a", "b", "c"]))
    assert len({content_hash(images) for images in (base, pixel, renamed, base.isel(image=[0, 1]))}) == 4
    assert content_hash(base.isel(y=slice(8))) != content_hash(base.isel(x=slice(8)))


def test_wrong_input_is_an_error_before_anything_is_written(tmp_path):
    store, images = tmp_path / "a.zarr", stimuli(4)
    twice = images.assign_coords(name=("image", np.array(["a", "b", "b", "c"], object)))
    floats = images.assign_coords(image=images["image"] / 255)
    cases = {
        "expected each image once, found b 2 times": {"images": twice},
        "expected images of 3 channels, found 2": {"images": images.isel(channel=[0, 1])},
        "expected stimuli with at least one image and images uint8": {"images": floats},
        r"found uint8 {'image': 0": {"images": images.isel(image=[])},
        "found 0 draws and 4 images": {"count": 0},
        "found 3 draws and 0 images": {"shard": 0},
        "expected a draw from 0 to 2 to reconstruct": {"reconstruct": 3},
        "times: 'sobol' is unknown": {"times": "sobol"},
    }
    for message, settings in cases.items():
        model = FakeModel()
        with pytest.raises(InputError, match=message):
            compute(store, model, **settings)
        assert not model.asked and not list(tmp_path.iterdir())


def test_other_stores_and_files_are_not_replaced(tmp_path):
    stores.write(stimuli(4), tmp_path / "a.zarr")
    before = files(tmp_path / "a.zarr")
    with pytest.raises(InputError, match=r"a.zarr: exists and is not replaced, since it is not a store of evidence"):
        compute(tmp_path / "a.zarr")
    assert files(tmp_path / "a.zarr") == before and siblings(tmp_path / "a.zarr") == ["a.zarr"]
    shutil.rmtree(tmp_path / "a.zarr")
    (tmp_path / "a.zarr").write_text("a file")
    with pytest.raises(InputError, match=r"a.zarr: exists and is not replaced, since it is not a store of evidence"):
        compute(tmp_path / "a.zarr")


def test_losses_that_are_not_finite_are_errors_that_name_the_image(tmp_path):
    model = FakeModel()
    model.evaluate = lambda images, names, *rest: (np.full((len(names), 3, 3), np.nan, np.float32), None)
    with pytest.raises(InputError, match=r"fake on random: a loss of image image-0.png is not finite"):
        compute(tmp_path / "a.zarr", model)
    assert not (tmp_path / "a.zarr").exists()
