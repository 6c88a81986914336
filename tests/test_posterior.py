"""Probabilities of categories: of every family against the likelihood that its losses belong to."""

import numpy as np
import pytest
import torch
import xarray as xr

import golden_losses
from generative_classifiers.decisions.from_evidence import posterior, score_categories

LATENTS, PIXELS = 4 * 8 * 8, 3 * 16 * 16
# How many values of an image a loss is the mean of. The other kinds have negative log-likelihoods.
VALUES = {
    "diffusion, noise prediction": LATENTS,
    "diffusion, v-prediction of pixels": PIXELS,
    "diffusion, deepfloyd": PIXELS,
    "masked, likelihood": 4 * 4,
    "masked, reconstruction": 3 * 8 * 8,
    "autoregressive, janus": 1,
    "discriminative, small_cnn": 1,
    "contrastive, transformers": 1,
    "vision-language, llava": 1,
}


def evidence_of(model, images, names, count):
    """Losses of images, as `read_requested` gives them."""
    draws = model.draws(count, seed=0)
    loss, _ = model.evaluate(images, names, draws)
    coords = {name: ("draw", getattr(draws, name)) for name in ("time", "alpha", "sigma")}
    return xr.Dataset({"loss": (("image", "category", "draw"), loss)}, coords | {"category": list(model.categories)})


@pytest.mark.parametrize("kind", VALUES)
def test_posterior_is_bayes_rule_with_the_likelihood_of_whole_images(kind, tmp_path):
    model = golden_losses.load(kind, tmp_path)
    images = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    evidence = evidence_of(model, images, ["a.png", "b.png"], count=2)
    found = posterior(score_categories(evidence, "uniform"), model.terms())
    log_likelihood = -VALUES[kind] * evidence["loss"].values.astype(float).mean(axis=2)
    likelihood = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    np.testing.assert_allclose(found, likelihood / likelihood.sum(axis=1, keepdims=True), rtol=1e-6)


def test_posterior_of_a_classifier_is_its_own_probability(tmp_path):
    model = golden_losses.load("discriminative, small_cnn", tmp_path)
    images = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    loss, _ = model.evaluate(images, ["a.png", "b.png"], model.draws(1, 0))
    found = posterior(loss[:, :, 0].astype(float), model.terms())
    probability = np.exp(-loss[:, :, 0].astype(float))  # among all of its classes
    np.testing.assert_allclose(found, probability / probability.sum(axis=1, keepdims=True), rtol=1e-6)


def test_losses_of_squared_errors_sum_to_those_of_whole_images(tmp_path):
    model = golden_losses.load("diffusion, noise prediction", tmp_path)
    images = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3), dtype=np.uint8)
    with torch.inference_mode():
        _, latents = model.encode(images)
    assert model.terms() == latents.numel()
