"""The miniature's network: a short training run, and what becomes of its weights."""

import numpy as np
import pytest
import torch

from generative_classifiers import models
from generative_classifiers.categories import CATEGORIES
from generative_classifiers.models.base import signed
from generative_classifiers.prompts import prompts_of
from generative_classifiers.training.cnn import save, train
from generative_classifiers.training.schedule import learning_rate
from generative_classifiers.world.album import album, batch

torch.set_num_threads(1)
WORLD = {"size": 32, "texture_contrast": [0.1, 1.0]}
RECIPE = {
    "steps": 10, "batch_size": 16, "learning_rate": 2e-3, "weight_decay": 5e-2, "warm_up": 3, "decay": 4, "seed": 0,
}  # fmt: skip


@pytest.fixture(scope="module")
def trained():
    """Network and losses by noise."""
    return {noise: train(RECIPE, WORLD, noise) for noise in (None, "sqrt_alphas")}


def test_a_run_is_the_same_again(trained):
    network, losses = trained["sqrt_alphas"]
    torch.rand(5)
    again, same = train(RECIPE, WORLD, "sqrt_alphas")
    assert same == losses and len(losses) == 10
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), again.parameters(), strict=True))


@pytest.mark.parametrize(("noise", "recorded"), [(None, 2.803), ("sqrt_alphas", 2.869)])
def test_recorded_loss(trained, noise, recorded):
    # Batch norm over few images makes much of roundings, which differ from processor to processor.
    assert np.mean(trained[noise][1]) == pytest.approx(recorded, rel=5e-3)


def test_seed_and_noise_matter(trained):
    _, plain = trained[None]
    assert plain != trained["sqrt_alphas"][1]
    assert plain[0] != train(RECIPE | {"steps": 1, "seed": 1}, WORLD)[1][0]


@pytest.mark.parametrize("noise", [None, "sqrt_alphas"])
def test_saved_weights_are_an_observer(trained, noise, tmp_path):
    network, _ = trained[noise]
    path = tmp_path / "model.safetensors"
    save(network, path)
    assert [file.name for file in tmp_path.iterdir()] == ["model.safetensors"]
    row = {"family": "discriminative", "noise": noise, "training": RECIPE}
    model = models.load("cnn", row, prompts_of(CATEGORIES), path=path, device="cpu")
    images, _ = batch(album("training"), 100, 8, 0, WORLD)
    loss, _ = model.evaluate(images, [f"{i}.png" for i in range(8)], model.draws(4, 0))
    assert loss.shape == (8, 16, 1)
    if noise is None:
        with torch.inference_mode():
            expected = -network(signed(images)).log_softmax(1)
        np.testing.assert_allclose(loss[:, :, 0], expected, rtol=1e-5)


def test_learning_rate():
    recipe = {"steps": 20, "learning_rate": 0.5, "warm_up": 4, "decay": 5}
    rates = [learning_rate(recipe, step) / 0.5 for step in range(20)]
    np.testing.assert_allclose(rates, [0.25, 0.5, 0.75, *[1] * 13, 0.8, 0.6, 0.4, 0.2])
