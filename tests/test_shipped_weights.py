"""The weights in weights/ give the recorded losses and decisions."""

import numpy as np
import pytest

from conftest import ROOT
from generative_classifiers import models
from generative_classifiers.draws.weighting import level_weighting, scores
from generative_classifiers.stimuli.miniature.datasets import render
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.load import load
from generative_classifiers.study.observer import PipelineObserver

torch = pytest.importorskip("torch")

# Of the 16 undistorted images of dataset `colour`, 4 draws (an autoregressive model has one): mean loss per draw, and
# images told rightly.
RECORDED = {
    "miniature-diffusion": ((0.0357256, 0.00458426, 0.0665759, 0.0204511), 11),
    "miniature-latent": ((0.0916557, 0.00776322, 0.178929, 0.0488), 10),
    "miniature-autoregressive": ((177.034,), 10),
    "miniature-masked": ((2.25575, 1.74479, 2.48815, 2.06607), 8),
    "miniature-masked-reconstruction": ((0.0674479, 0.0467663, 0.0891784, 0.0568709), 6),
}


@pytest.fixture(scope="module")
def study():
    torch.set_num_threads(1)
    return load({"study": "miniature"})


@pytest.fixture(scope="module")
def plain(study):
    stimuli = render("colour", study.datasets["colour"], study.world)
    return stimuli.isel(image=stimuli["condition"].values == "cr")


def test_all_shipped_models_are_recorded(study):
    assert list(RECORDED) == [name for name, row in study.observers.items() if isinstance(row, PipelineObserver)]


@pytest.mark.parametrize("observer", RECORDED)
def test_losses_and_decisions_are_as_recorded(study, plain, observer):
    row = study.observers[observer]
    model = models.load(observer, row, study.prompts, path=ROOT / row.pipeline, device="cpu")
    draws = model.draws(4, 0, "golden")
    loss, _ = model.evaluate(plain["image"].values, list(plain["name"].values), draws)
    losses, right = RECORDED[observer]
    assert np.allclose(loss.mean(axis=(0, 1)), losses, rtol=1e-3)
    score = scores(loss, level_weighting(draws.time, draws.alpha, draws.sigma))
    assert (np.array(CATEGORIES)[score.argmin(axis=1)] == plain["category"].values).sum() == right
