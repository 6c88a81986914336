"""The miniature's network as an observer, with diffusion noise and without."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from generative_classifiers import models
from generative_classifiers.categories import CATEGORIES
from generative_classifiers.errors import InputError
from generative_classifiers.models.cnn import SmallCNN
from generative_classifiers.models.weights import file_hash
from generative_classifiers.noise import gaussian, generator
from generative_classifiers.prompts import prompts_of

torch.set_num_threads(1)
NAMES = [f"{i}.png" for i in range(5)]


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


def load(weights, categories=CATEGORIES, batch_size=None, **settings):
    row = {"family": "discriminative", "weights": str(weights), **settings}
    return models.load("tiny", row, prompts_of(categories), device="cpu", batch_size=batch_size)


def test_network_is_the_miniatures(weights):
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


def test_some_of_the_categories(weights, images):
    whole, _ = load(weights).evaluate(images, NAMES, load(weights).draws(1, 0))
    model = load(weights, ("truck", "cat"))
    loss, _ = model.evaluate(images, NAMES, model.draws(1, 0))
    np.testing.assert_array_equal(loss, whole[:, [15, 7]])


@pytest.mark.parametrize(("noise", "curve"), [("sqrt_alphas", np.sqrt), ("alphas", lambda u: u)])
def test_diffusion_noise(weights, images, noise, curve):
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


def test_bad_rows(weights, tmp_path):
    with pytest.raises(InputError, match=r"tiny: knows airplane, .*; not whale"):
        load(weights, ("cat", "whale"))
    with pytest.raises(InputError, match="tiny: noise is 'loud', expected null or one of sqrt_alphas, alphas"):
        load(weights, noise="loud")
    with pytest.raises(InputError, match=f"tiny: .*sha256 {file_hash(weights)}, the registry expects {'f' * 64}"):
        load(weights, sha256="f" * 64)
    with pytest.raises(InputError, match=r"tiny: .*gone.safetensors is not the weights of a SmallCNN"):
        load(tmp_path / "gone.safetensors")
    torn = tmp_path / "torn.safetensors"
    torn.write_bytes(weights.read_bytes()[:500])
    with pytest.raises(InputError, match=r"tiny: .*torn.safetensors is not the weights of a SmallCNN"):
        load(torn)
    save_file({"other": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(InputError, match=r"tiny: .*other.safetensors is not the weights of a SmallCNN"):
        load(tmp_path / "other.safetensors")
