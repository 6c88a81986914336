"""The weights in weights/ are those that the recorded numbers were measured with."""

import numpy as np
import pytest

from conftest import ROOT
from generative_classifiers import models
from generative_classifiers.categories import CATEGORIES
from generative_classifiers.draws import scores, weights
from generative_classifiers.registry import load
from generative_classifiers.world.stimuli import render

torch = pytest.importorskip("torch")

# Of the 16 undistorted images of dataset `colour`, 4 draws: mean loss per draw, and images told rightly.
LOSSES = (0.0357256, 0.00458426, 0.0665759, 0.0204511)
RIGHT = 11


@pytest.fixture(scope="module")
def measured():
    torch.set_num_threads(1)
    study = load({"study": "miniature"})
    row = study.observers["miniature-diffusion"]
    model = models.load("miniature-diffusion", row, study.prompts, path=ROOT / row["pipeline"], device="cpu")
    stimuli = render("colour", study.datasets["colour"], study.settings["world"])
    plain = stimuli.isel(image=stimuli["condition"].values == "cr")
    draws = model.draws(4, 0, "golden")
    loss, _ = model.evaluate(plain["image"].values, list(plain["name"].values), draws)
    return loss, draws, plain["category"].values


def test_losses_are_as_recorded(measured):
    loss, _, _ = measured
    assert np.allclose(loss.mean(axis=(0, 1)), LOSSES, rtol=1e-3)


def test_decisions_are_as_recorded(measured):
    loss, draws, truth = measured
    score = scores(loss, weights(draws.time, draws.alpha, draws.sigma))
    assert (np.array(CATEGORIES)[score.argmin(axis=1)] == truth).sum() == RIGHT
