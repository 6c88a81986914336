"""Evidence stores: what they contain, and that neither interruptions nor reruns lose or repeat work."""

import os
import shutil
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import killed_often
import preloaded
import tiny_pipelines
from generative_classifiers.draws.levels import Draws, single, times
from generative_classifiers.draws.noise import gaussian
from generative_classifiers.evidence.entry import Entry
from generative_classifiers.evidence.single_store import compute_evidence, read_requested
from generative_classifiers.io import stores
from generative_classifiers.io.attributes import decode_attributes
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.reconstruction_layout import pixel_layout
from generative_classifiers.stimuli.content import content_hash
from killed_often import stimuli

HERE = Path(__file__).parent


class FakeModel:
    """A model without a network, whose losses depend on names, draws and pixels. It records its evaluations."""

    reconstruction_layout = pixel_layout(16)
    batch_size = 64
    reconstructs = True
    packages = ()

    def __init__(self, family="diffusion", categories=("cat", "dog", "truck"), **identity):
        self.family, self.identity, self.provenance = family, {"family": family} | identity, {"device": "none"}
        self.prompts, self.categories = {category: f"A {category}" for category in categories}, tuple(categories)
        self.asked, self.evaluations = [], 0

    def draws(self, count, seed, rule="golden"):
        if self.family != "diffusion":
            return single(seed)
        time = times(count, seed, rule)
        return Draws(np.arange(count), time, 1 - time, time, np.full(count, seed))

    def evaluate(self, images, names, draws, reconstruct=None, wanted=None):
        wanted = np.ones((len(names), len(self.prompts), len(draws)), bool) if wanted is None else wanted
        if wanted.any():
            self.asked.append((list(names), draws.number[wanted.any(axis=(0, 1))].tolist()))
        self.evaluations += wanted.sum()
        loss = np.empty(wanted.shape, np.float32)
        for i, c, d in np.ndindex(wanted.shape):
            (noise,) = gaussian(f"{names[i]} {self.categories[c]}", draws.number[d], draws.seed[d], (1,))
            loss[i, c, d] = images[i].mean() + noise
        painted = np.stack([images] * len(self.prompts), axis=1) if reconstruct in draws.number else None
        return np.where(wanted, loss, np.nan), painted


def compute(store, model=None, images=None, **settings):
    model = model or FakeModel()
    images = stimuli(10) if images is None else images
    defaults = {"observer": "fake", "dataset": "random", "count": 3, "shard": 4}
    compute_evidence(model, images, store, progress=False, **defaults | settings)
    return model


def files(store):
    """Content of all files of a store, by path, but for the notes of how shards were evaluated."""
    paths = [path.relative_to(store) for path in sorted(store.rglob("*")) if path.is_file()]
    return {path.as_posix(): (store / path).read_bytes() for path in paths if path.parts[0] != "provenance"}


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
        *("name", "image_hash", "true_category", "condition", "texture_category", "category", "prompt"),
        *("draw", "time", "alpha", "sigma", "seed"),
    }
    assert found["category"].values.tolist() == ["cat", "dog", "truck"]
    assert found["name"].values.tolist() == images["name"].values.tolist()
    assert set(found["true_category"].values) == {"cat"} and set(found["texture_category"].values) == {"dog"}
    np.testing.assert_array_equal(found["time"], times(3, 7))
    assert found["seed"].values.tolist() == [7, 7, 7]
    expected, _ = FakeModel().evaluate(images["image"].values, images["name"].values, FakeModel().draws(3, 7))
    np.testing.assert_array_equal(found["loss"], expected)
    attributes = {"observer": "fake", "dataset": "random", "weights": "abc", "seed": 7, "reconstruct": 2}
    assert attributes.items() <= decode_attributes(found.attrs).items()
    assert len(found.attrs["identity"]) == len(found.attrs["request"]) == 64
    notes = Entry(tmp_path / "a.zarr").provenance()
    assert [(note["device"], note["batch_size"]) for note in notes] == [("none", 64)] * 3
    assert all("zarr" in note["versions"] for note in notes)
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
    model = FakeModel("autoregressive")
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


def test_empty_folder_in_the_place_is_replaced(tmp_path):
    (tmp_path / "a.zarr").mkdir()
    compute(tmp_path / "a.zarr")
    assert stores.read(tmp_path / "a.zarr")["loss"].shape == (10, 3, 3)


def stopped_after(shards, store, model=None, **settings):
    """Leave an unfinished store: the model fails after some shards."""
    model = model or FakeModel()
    evaluate = model.evaluate

    def failing(*arguments):
        if len(model.asked) == shards:
            raise KeyboardInterrupt
        return evaluate(*arguments)

    model.evaluate = failing
    with pytest.raises(KeyboardInterrupt):
        compute(store, model, **settings)
    assert not Entry(store).complete(len(Entry(store).parts) - 1)


def test_interrupted_job_is_continued_with_the_same_bytes(tmp_path):
    store, fresh = tmp_path / "work/a.zarr", tmp_path / "fresh/a.zarr"
    stopped_after(2, store, reconstruct=1)
    with pytest.raises(InputError, match=r"a\.zarr: manifest/shard-000002\.json is missing"):
        stores.read(store)
    for leftover in ("loss/c/2/0/0.0123456789abcdef.partial", "evaluations/c/2.0123456789abcdef.partial"):
        (store / leftover).parent.mkdir(parents=True, exist_ok=True)
        (store / leftover).write_bytes(b"half a chunk")
    model = compute(store, reconstruct=1)
    assert [len(names) for names, _ in model.asked] == [2]
    compute(fresh, reconstruct=1)
    assert files(store) == files(fresh) and siblings(store) == ["a.zarr"]


@pytest.mark.parametrize("change", [{"shard": 5}, {"observer": "another", "dataset": "another"}, {"workers": 3}])
def test_what_moves_no_loss_evaluates_nothing_again(tmp_path, change):
    compute(tmp_path / "a.zarr")
    assert compute(tmp_path / "a.zarr", **change).evaluations == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 1}, "seed is 0, not 1"),
        ({"times": "uniform"}, "times is golden, not uniform"),
        ({"model": FakeModel(weights="other")}, "weights is None, not other"),
        ({"images": stimuli(10, seed=1)}, "its images or categories are others"),
        (
            {"model": FakeModel(categories=("cat", "bird"))},
            "it has 3 categories, not 2; ask for at least all that it has, or for a part of it",
        ),
        ({"images": stimuli(12).isel(image=slice(2, None))}, "its images or categories are others"),
    ],
)
def test_evidence_is_never_replaced_by_other_evidence(tmp_path, change, said):
    compute(tmp_path / "a.zarr")
    before = files(tmp_path / "a.zarr")
    with pytest.raises(InputError, match=rf"a\.zarr: holds other evidence and is not replaced: {said}"):
        compute(tmp_path / "a.zarr", **change)
    assert files(tmp_path / "a.zarr") == before and siblings(tmp_path / "a.zarr") == ["a.zarr"]


@pytest.mark.parametrize(
    ("change", "evaluations"),
    [
        ({"count": 5}, 10 * 3 * 2),
        ({"images": stimuli(14)}, 4 * 3 * 3),
        ({"model": FakeModel(categories=("cat", "bird", "dog", "truck"))}, 10 * 3),
        ({"reconstruct": 1}, 0),
    ],
    ids=["draws", "images", "categories", "reconstruction"],
)
def test_more_than_a_store_has_costs_only_what_is_new(tmp_path, change, evaluations):
    store, fresh = tmp_path / "a.zarr", tmp_path / "fresh.zarr"
    compute(store)
    model = FakeModel(categories=change["model"].categories) if "model" in change else FakeModel()
    assert compute(store, **change | {"model": model}).evaluations == evaluations
    compute(fresh, **change | {"model": FakeModel(categories=model.categories)})
    assert files(store) == files(fresh) and siblings(store) == ["a.zarr", "fresh.zarr"]


def test_interrupted_extension_is_continued(tmp_path):
    store, fresh = tmp_path / "a.zarr", tmp_path / "fresh.zarr"
    compute(store, count=2)
    with pytest.raises(KeyboardInterrupt):
        model = FakeModel()
        evaluate = model.evaluate

        def failing(*arguments):
            if len(model.asked) == 1:
                raise KeyboardInterrupt
            return evaluate(*arguments)

        model.evaluate = failing
        compute(store, model, count=5)
    assert stores.read(store).sizes["draw"] == 2
    assert compute(store, count=5).evaluations == 6 * 3 * 3
    compute(fresh, count=5)
    assert files(store) == files(fresh) and siblings(store) == ["a.zarr", "fresh.zarr"]


@pytest.mark.parametrize(
    "change",
    [
        {"count": 2},
        {"images": stimuli(10).isel(image=[7, 1, 3])},
        {"model": FakeModel(categories=("truck", "cat"))},
    ],
    ids=["draws", "images", "categories"],
)
def test_less_than_a_store_has_is_a_part_of_it(tmp_path, change):
    store, fresh = tmp_path / "a.zarr", tmp_path / "fresh.zarr"
    compute(store)
    before = files(store)
    settings = {"observer": "fake", "dataset": "random", "count": 3, "progress": False} | change
    model, images = settings.pop("model", FakeModel()), settings.pop("images", stimuli(10))
    request = compute_evidence(model, images, store, **settings)
    assert model.evaluations == 0 and files(store) == before
    compute_evidence(model, images, fresh, **settings)
    xr.testing.assert_equal(read_requested(store, request), read_requested(fresh, request))


def test_job_killed_at_random_moments_gives_the_same_bytes(tmp_path):
    folder = tiny_pipelines.pixel_diffusion(tmp_path / "pipeline")
    work = killed_often.job(folder, tmp_path / "fresh/a.zarr", tmp_path / "fresh.log")
    work()
    store, log = tmp_path / "killed/a.zarr", tmp_path / "killed.log"
    paths = [str(HERE), str(HERE.parent / "scripts")]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)}
    run = subprocess.run(
        [preloaded.python(), HERE / "killed_often.py", folder, store, log, "0"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    killed, lost = map(int, run.stdout.split())
    assert killed >= 2
    shards = -(-killed_often.IMAGES // killed_often.SHARD)
    assert len((tmp_path / "fresh.log").read_text().splitlines()) == shards
    evaluated = log.read_text().splitlines()
    assert len(set(evaluated)) == shards
    assert len(evaluated) <= shards + killed + lost
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
        "expected 1 to 100000 draws, found 0": {"count": 0},
        "expected at least 1 image in a shard, found 0": {"shard": 0},
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
