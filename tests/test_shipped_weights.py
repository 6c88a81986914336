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
    "miniature-diffusion": ((0.0313184, 0.00525735, 0.0492429, 0.0204704), 10),
    "miniature-latent": ((0.054774, 0.0103541, 0.0738114, 0.0382219), 13),
    "miniature-autoregressive": ((163.416,), 6),
    "miniature-masked": ((2.57414, 2.27131, 2.72644, 2.44745), 3),
    "miniature-masked-reconstruction": ((0.0671595, 0.0469511, 0.0872786, 0.0567912), 6),
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
