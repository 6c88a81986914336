"""Discriminative models: losses from logits, with and without diffusion noise."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from generative_classifiers import models
from generative_classifiers.draws.noise import gaussian
from generative_classifiers.evidence.entry import Entry
from generative_classifiers.evidence.single_store import compute_evidence
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.random_numbers import generator
from generative_classifiers.io.stores import read
from generative_classifiers.models.classifiers.small_cnn import SmallCNN
from generative_classifiers.models.loading.weight_hashes import file_hash
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.prompts import prompts_of
from image_folders import TRAINING
from killed_often import stimuli
from typed_rows import observer

torch.set_num_threads(1)
NAMES = [f"{i}.png" for i in range(5)]
HALF = [0.5, 0.5, 0.5]
MINIATURE = {"library": "own", "network": "small_cnn", "classes": 16, "resolution": 32, "mean": HALF, "std": HALF}
TRAINED = {"source": "training", "training": TRAINING}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """File of a network whose batch norm has seen something."""
    torch.manual_seed(0)
    network = SmallCNN()
    network.train()(torch.randn(64, 3, 32, 32))
    path = tmp_path_factory.mktemp("cnn") / "model.safetensors"
    save_file(network.state_dict(), path)
    return path


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)


def load(path, categories=CATEGORIES, batch_size=None, **settings):
    row = observer(**{"family": "discriminative", **MINIATURE, **TRAINED, **settings})
    return models.load("tiny", row, prompts_of(categories), path=path, device="cpu", batch_size=batch_size)


def test_size_of_the_small_cnn(weights):
    network = SmallCNN()
    assert sum(p.numel() for p in network.parameters()) == pytest.approx(289_000, rel=0.01)
    assert network.features(torch.zeros(1, 3, 32, 32)).shape == (1, 128, 4, 4)


def test_losses_are_negative_log_probabilities(weights, images):
    model = load(weights, batch_size=2)
    draws = model.draws(4, 0)
    loss, reconstruction = model.evaluate(images, NAMES, draws)
    assert len(draws) == 1 and np.isnan(draws.time).all() and reconstruction is None
    assert loss.shape == (5, 16, 1) and loss.dtype == np.float32
    np.testing.assert_allclose(np.exp(-loss).sum(axis=1), 1, rtol=1e-5)
    with torch.no_grad():
        scaled = torch.from_numpy(images).permute(0, 3, 1, 2) / 127.5 - 1
        expected = -model.network(scaled).softmax(1).log()
    np.testing.assert_allclose(loss[:, :, 0], expected, rtol=1e-4)


def test_losses_of_some_categories_are_those_of_all(weights, images):
    whole, _ = load(weights).evaluate(images, NAMES, load(weights).draws(1, 0))
    model = load(weights, ("truck", "cat"))
    loss, _ = model.evaluate(images, NAMES, model.draws(1, 0))
    np.testing.assert_array_equal(loss, whole[:, [15, 7]])


@pytest.mark.parametrize(("noise", "curve"), [("sqrt_alphas", np.sqrt), ("alphas", lambda u: u)])
def test_images_are_seen_through_diffusion_noise(weights, images, noise, curve):
    model = load(weights, noise=noise)
    draws = model.draws(1, 3)
    loss, _ = model.evaluate(images, NAMES, draws)
    alpha = curve(generator("alpha", NAMES[2], 3).random())
    clean = images[2].transpose(2, 0, 1) / 127.5 - 1
    noised = alpha * clean + np.sqrt(1 - alpha**2) * gaussian(NAMES[2], 0, 3, (3, 32, 32))
    with torch.no_grad():
        expected = -model.network(torch.from_numpy(noised).float()[None]).log_softmax(1)
    np.testing.assert_allclose(loss[2, :, 0], expected[0], rtol=1e-4)
    again, _ = model.evaluate(images[2:3], NAMES[2:3], draws)
    np.testing.assert_allclose(again[0], loss[2], rtol=1e-5)
    other, _ = model.evaluate(images, NAMES, model.draws(1, 4))
    assert (other != loss).all()


def test_images_of_other_sizes_are_resized(weights):
    model = load(weights)
    large = np.random.default_rng(1).integers(0, 256, (1, 50, 64, 3), dtype=np.uint8)
    assert model.resolution == 32
    assert model.evaluate(large, NAMES[:1], model.draws(1, 0))[0].shape == (1, 16, 1)


def compute(model, store):
    settings = {"observer": "tiny", "dataset": "random", "progress": False}
    compute_evidence(model, stimuli(10), store, shard=5, **settings)
    return read(store)


def test_decisions_do_not_depend_on_the_batch_size(weights, tmp_path):
    stores = [compute(load(weights, batch_size=size), tmp_path / f"{size}.zarr") for size in (1, 3, 64)]
    for store in stores[1:]:
        np.testing.assert_allclose(store["loss"], stores[0]["loss"], rtol=1e-4)
        np.testing.assert_array_equal(store["loss"].argmin("category"), stores[0]["loss"].argmin("category"))


def test_batches_are_halved_where_memory_runs_out(weights, tmp_path):
    model, asked = load(weights, batch_size=4), []

    def before(_, args):
        asked.append(len(args[0]))
        if len(args[0]) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")

    model.network.register_forward_pre_hook(before)
    found = compute(model, tmp_path / "halved.zarr")
    assert asked == [4] + [2, 2, 1] * 2
    assert [note["batch_size"] for note in Entry(tmp_path / "halved.zarr").provenance()] == [2, 2]
    expected = compute(load(weights, batch_size=2), tmp_path / "asked.zarr")
    assert found["loss"].values.tobytes() == expected["loss"].values.tobytes()


def test_half_precision_changes_losses_little(weights, images):
    whole, model = load(weights), load(weights, dtype="bfloat16")
    loss, _ = model.evaluate(images, NAMES, model.draws(1, 0))
    assert {p.dtype for p in model.network.parameters()} == {torch.bfloat16} and loss.dtype == np.float32
    expected, _ = whole.evaluate(images, NAMES, whole.draws(1, 0))
    np.testing.assert_allclose(loss, expected, atol=0.05)
    assert (loss != expected).any()


def test_identity_depends_on_what_changes_losses(weights):
    def identity(**settings):
        return json.dumps(load(weights, **settings).identity)

    before = identity()
    assert identity(label="Tiny") == identity(batch_size=7) == before
    changes = {"dtype": "bfloat16"}, {"mean": [0.4] * 3}, {"resolution": 24}, {"noise": "alphas"}
    assert len({before, *(identity(**change) for change in changes)}) == 1 + len(changes)
    few = load(weights, ("truck", "cat"))
    assert json.dumps(few.identity) == before and list(few.prompts) == ["truck", "cat"]
    assert few.identity["weights"] == file_hash(weights) and few.identity["network"] == "small_cnn"


def test_weights_that_the_row_names_are_those_of_a_file(weights, images):
    named = load(None, weights=str(weights), sha256=file_hash(weights))
    losses = [model.evaluate(images, NAMES, model.draws(1, 0))[0] for model in (named, load(weights))]
    np.testing.assert_array_equal(*losses)
    with pytest.raises(InputError, match=r"tiny: weights .*safetensors have sha256"):
        load(None, weights=str(weights), sha256="0" * 64)


def test_faulty_rows_and_weights_are_errors(weights, tmp_path):
    with pytest.raises(InputError, match=r"tiny: knows airplane, .*; not whale"):
        load(weights, ("cat", "whale"))
    with pytest.raises(InputError, match="tiny: has 10 classes, expected the 16 categories or ImageNet's"):
        load(weights, classes=10)
    with pytest.raises(InputError, match="tiny: no file is given as its weights"):
        load(None)
    with pytest.raises(InputError, match=r"tiny: .*gone.safetensors cannot be read"):
        load(tmp_path / "gone.safetensors")
    torn = tmp_path / "torn.safetensors"
    torn.write_bytes(weights.read_bytes()[:500])
    with pytest.raises(InputError, match=r"tiny: .*torn.safetensors is not a whole safetensors file"):
        load(torn)
    save_file({"other": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(InputError, match=r"tiny: .*other.safetensors does not hold the weights of a SmallCNN"):
        load(tmp_path / "other.safetensors")
