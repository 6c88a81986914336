"""Distances between images and reconstructions, with random weights, against float64."""

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from torchvision.models import AlexNet_Weights, alexnet

import tiny_pipelines
import tiny_tokens
from generative_classifiers import models
from generative_classifiers.draws.noise import gaussian
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.distances import Perceptual
from generative_classifiers.study.prompts import prompts_of
from typed_rows import observer

CATEGORIES = ("cat", "dog", "truck")
NAMES = ["a.png", "b.png"]
SIDE = 32


@pytest.fixture(autouse=True)
def alexnet_weights(monkeypatch):
    """Random weights in the place of those that torchvision would download."""
    torch.manual_seed(0)
    weights = alexnet(weights=None).state_dict()
    monkeypatch.setattr(AlexNet_Weights, "get_state_dict", lambda *_, **__: weights)
    return {name: tensor.double() for name, tensor in weights.items()}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("pipelines")
    return {
        "diffusion": tiny_pipelines.stable_diffusion(root / "sd", side=SIDE // 2),
        "masked": tiny_tokens.amused(root / "amused"),
    }


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (len(NAMES), SIDE, SIDE, 3), dtype=np.uint8)


def load(folders, family, distance, **row):
    settings = {"family": family, "pipeline": str(folders[family]), "resolution": SIDE, "distance": distance}
    return models.load("tiny", observer(**settings | row), prompts_of(CATEGORIES), device="cpu")


def perceptual(weights, one, other):
    """LPIPS of two images (1, 3, y, x) by its formula, with AlexNet written out."""
    linear = Perceptual("tiny", SIDE, torch.device("cpu")).network.state_dict()
    mean, deviation = torch.tensor([-0.030, -0.088, -0.188]), torch.tensor([0.458, 0.448, 0.450])
    layers = [("0", 4, 2), ("3", 1, 2), ("6", 1, 1), ("8", 1, 1), ("10", 1, 1)]  # number, stride and padding
    states = [(image - mean[:, None, None]) / deviation[:, None, None] for image in (one, other)]
    total = 0.0
    for place, (number, stride, padding) in enumerate(layers):
        if number in ("3", "6"):
            states = [torch.max_pool2d(state, 3, 2) for state in states]
        kernel, bias = weights[f"features.{number}.weight"], weights[f"features.{number}.bias"]
        states = [torch.conv2d(state, kernel, bias, stride, padding).relu() for state in states]
        directions = [state / state.square().sum(1, keepdim=True).sqrt().clamp(min=1e-10) for state in states]
        square = (directions[0] - directions[1]).square()[0]
        total += (square * linear[f"lin{place}.model.1.weight"].double()[0]).sum(0).mean().item()
    return total


@torch.no_grad()
def reference(folder, images, measure):
    """Distances of the first draw, from the definitions: of Stable Diffusion's images, clipped to [-1, 1]."""
    pipeline = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float64)
    signal = pipeline.scheduler.alphas_cumprod.double()[500]
    losses = np.empty((len(images), len(CATEGORIES)))
    for i, k in np.ndindex(losses.shape):
        image = torch.from_numpy(images[i]).double().permute(2, 0, 1)[None] / 127.5 - 1
        clean = pipeline.vae.encode(image).latent_dist.mean * 0.5
        noise = torch.from_numpy(gaussian(NAMES[i], 0, 5, clean.shape[1:])).double()
        noised = signal.sqrt() * clean + (1 - signal).sqrt() * noise
        words = pipeline.tokenizer(f"A bad photo of a {CATEGORIES[k]}", add_special_tokens=False).input_ids
        states = pipeline.text_encoder(torch.tensor([[0, *words] + [1] * (11 - len(words))]))[0]
        predicted = pipeline.unet(noised, 500, states).sample
        denoised = (noised - (1 - signal).sqrt() * predicted) / signal.sqrt()
        losses[i, k] = measure(image, pipeline.vae.decode(denoised / 0.5).sample.clamp(-1, 1))
    return losses


@pytest.mark.parametrize("distance", ["l2", "perceptual"])
def test_losses_of_painted_images_agree_with_a_float64_implementation(folders, images, alexnet_weights, distance):
    model = load(folders, "diffusion", distance)
    loss, reconstruction = model.evaluate(images, NAMES, model.draws(1, 5), reconstruct=0)
    measures = {
        "l2": lambda one, other: (one - other).square().mean().item(),
        "perceptual": lambda one, other: perceptual(alexnet_weights, one, other),
    }
    expected = reference(folders["diffusion"], images, measures[distance])
    np.testing.assert_allclose(loss[:, :, 0], expected, rtol=1e-4)
    # Categories must differ by far more than that, or the test would say little about prompts.
    spread = expected.max(axis=1) / expected.min(axis=1) - 1
    assert (np.abs(loss[:, :, 0] / expected - 1).max(axis=1) < spread / 5).all()
    # The reconstructions are those of the model without a distance of its own.
    plain = load(folders, "diffusion", "latent").evaluate(images, NAMES, model.draws(1, 5), reconstruct=0)[1]
    assert np.abs(reconstruction.astype(int) - plain).max() <= 1


def test_masked_models_measure_the_distance_that_they_are_told(folders, images, alexnet_weights):
    model = load(folders, "masked", "perceptual", reading="reconstruction")
    draws = model.draws(3, 0)
    loss, reconstruction = model.evaluate(images, NAMES, draws, reconstruct=1)
    pixels = model.decode(reconstruction)
    for i, k in np.ndindex(loss.shape[:2]):
        image, painted = (
            torch.from_numpy(one).double().permute(2, 0, 1)[None] / 127.5 - 1 for one in (images[i], pixels[i, k])
        )
        # Reconstructions are rounded to 8 bits.
        assert loss[i, k, 1] == pytest.approx(perceptual(alexnet_weights, image, painted), rel=0.02)


def test_identity_names_a_distance_that_is_not_the_usual_one(folders):
    assert "distance" not in load(folders, "diffusion", "latent").identity
    assert load(folders, "diffusion", "l2").identity["distance"] == "l2"
    identity = load(folders, "diffusion", "perceptual").identity
    assert identity["distance"] == "perceptual" and len(identity["distance_weights"]) == 64
    assert "distance" not in load(folders, "masked", "l2", reading="reconstruction").identity


def test_likelihoods_have_no_distance():
    with pytest.raises(ValueError, match="expected no such key: the reading is likelihood, not reconstruction"):
        observer(family="masked", pipeline="a/b", distance="perceptual")


def test_images_too_small_for_a_perceptual_distance_are_an_error(folders):
    with pytest.raises(InputError, match=r"^tiny: resolution is 16, a perceptual distance needs at least 31$"):
        load(folders, "diffusion", "perceptual", resolution=16)


def test_missing_weights_are_an_error(folders, monkeypatch):
    def refuse(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setattr(AlexNet_Weights, "get_state_dict", refuse)
    with pytest.raises(InputError, match=r"^tiny: torchvision's weights of AlexNet are not available \(no route"):
        load(folders, "diffusion", "perceptual")


@pytest.mark.parametrize(("family", "row"), [("diffusion", {}), ("masked", {"reading": "reconstruction"})])
def test_only_squared_errors_belong_to_a_likelihood(folders, family, row):
    assert load(folders, family, "perceptual", **row).terms() is None
    assert load(folders, family, "l2", **row).terms() == 3 * SIDE**2
