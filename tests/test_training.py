"""Training of discriminative networks: interrupted, in two processes, on the world's drawings."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from accelerate.state import AcceleratorState
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from generative_classifiers import models
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.paths import PACKAGE
from generative_classifiers.models.loading import networks
from generative_classifiers.models.pixels import pixels_to_tensor
from generative_classifiers.stimuli.miniature.drawing_set import batch, drawing_set
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.prompts import prompts_of
from generative_classifiers.study.recipes import Discriminative
from generative_classifiers.training import discriminative, jobs
from generative_classifiers.training.curves import CurveLog
from generative_classifiers.training.image_folder import image_folder as images_of
from generative_classifiers.training.schedule import in_steps, learning_rate
from image_folders import image_folder, learner
from small_studies import python
from typed_rows import observer, world

torch.set_num_threads(1)
HERE = Path(__file__).parent
WORLD = world()
RECIPE = {
    "data": "world", "steps": 10, "batch_size": 16, "optimizer": "adamw", "learning_rate": 2e-3, "weight_decay": 5e-2,
    "warm_up": 3, "decay": 4, "seed": 0,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _another_accelerator():
    """Each training has a process of its own, but for these."""
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return image_folder(tmp_path_factory.mktemp("images"))


def curves(logs):
    """Values by step (index) and measure (columns)."""
    return pd.read_csv(logs / "curves.csv").pivot(index="step", columns="measure", values="value")


def train(folder, place, row=None, **settings):
    """Train on a folder of images; the weights' file."""
    row = row or learner(noise="sqrt_alphas")
    data = images_of(folder, row)
    discriminative.train("tiny", row, data, place / "model.safetensors", place / "logs", device="cpu", **settings)
    return place / "model.safetensors"


@pytest.fixture(scope="module")
def weights(folder, tmp_path_factory):
    """Weights of a training that nothing interrupted."""
    AcceleratorState._reset_state(reset_partial_state=True)
    return train(folder, tmp_path_factory.mktemp("whole"))


def test_a_training_killed_five_times_gives_the_same_bytes(folder, weights, tmp_path):
    place = tmp_path / "model.safetensors"
    run = python(HERE, "killed_trainings.py", folder, place, "0", surroundings={"PYTHONPATH": str(PACKAGE.parent)})
    assert run.returncode == 0 and len(run.stdout.splitlines()[-1].split()) == 5, run.stdout
    assert place.read_bytes() == weights.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"model.safetensors", "logs"}


def test_a_kill_while_writing_a_checkpoint_leaves_the_one_before(folder, weights, tmp_path, monkeypatch):
    written, write = [], Path.write_bytes

    def half(path, content):
        written.append(path)
        if len(written) == 3:
            write(path, content[:1000])
            raise KeyboardInterrupt
        write(path, content)

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(KeyboardInterrupt):
        train(folder, tmp_path, checkpoint=3)
    assert torch.load(tmp_path / "model.checkpoint", weights_only=True)["step"] == 6
    assert train(folder, tmp_path, checkpoint=3, workers=2).read_bytes() == weights.read_bytes()


def test_a_checkpoint_of_another_training_is_an_error(folder, tmp_path, monkeypatch):
    save = discriminative.Trainer.save

    def save_and_stop(*arguments):
        save(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(discriminative.Trainer, "save", save_and_stop)
        train(folder, tmp_path, learner(noise="alphas"), checkpoint=3)
    AcceleratorState._reset_state(reset_partial_state=True)
    with pytest.raises(InputError, match=r"model.checkpoint: the training began with noise alphas, now it is sqrt_alp"):
        train(folder, tmp_path, learner(noise="sqrt_alphas"))


def test_two_processes_train_like_one(folder, tmp_path):
    """A process for each of the recipe's two devices, or one for both."""
    losses, trained = [], []
    for count in (1, 2):
        place = tmp_path / str(count)
        place.mkdir()
        settings = {"weights": str(place / "model.safetensors"), "logs": str(place / "logs"), "folder": str(folder)}
        jobs.start(count, observer="tiny", row=learner(noise="alphas"), device="cpu", **settings)
        losses.append(curves(place / "logs").loc[:, ["loss", "validation_loss"]])
        trained.append(load_file(place / "model.safetensors"))
    np.testing.assert_allclose(losses[0]["loss"], losses[1]["loss"], atol=1e-3)
    learnt = dict(networks.build("tiny", learner()).named_parameters())
    differences = {name: (trained[0][name] - trained[1][name]).abs().max().item() for name in learnt}
    assert max(differences.values()) < 1e-3
    # Running statistics are of all shares, or of the first process' alone.
    np.testing.assert_allclose(losses[0]["validation_loss"], losses[1]["validation_loss"], rtol=0.05)


def test_number_of_processes(monkeypatch):
    for gpus, expected in {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 8: 4}.items():
        monkeypatch.setattr(torch.cuda, "device_count", lambda gpus=gpus: gpus)
        assert jobs.process_count("auto", 4) == expected
        assert jobs.process_count("cpu", 4) == jobs.process_count("cuda:1", 4) == 1


def test_a_network_learns_and_its_curves_are_logged(folder, tmp_path):
    row = learner({"epochs": 12, "dtype": "bfloat16"})
    train(folder, tmp_path, row)
    shown = curves(tmp_path / "logs")
    assert shown.index.tolist() == sorted([*range(6, 73, 6), 50])
    assert shown["validation_accuracy"].iloc[0] < 0.4 and shown["validation_accuracy"].iloc[-1] > 0.8
    assert shown.loc[72, "loss"] < shown.loc[50, "loss"] < np.log(16)
    assert shown.loc[50, "learning_rate"] == pytest.approx(learning_rate(in_steps(row.training, 6), 49))
    board = EventAccumulator(str(tmp_path / "logs")).Reload()
    assert {event.step: event.value for event in board.Scalars("validation_loss")} == pytest.approx(
        shown["validation_loss"].dropna().to_dict()
    )


def test_curves_continue_from_the_checkpoint(tmp_path):
    log = CurveLog(tmp_path)
    for step in (50, 100, 150):
        log.add(step, loss=1 / step)
    log.close()
    with (tmp_path / "curves.csv").open("a") as file:
        file.write("20")  # half a line
    log = CurveLog(tmp_path, 100)
    log.add(150, loss=2.0)
    log.close()
    assert (tmp_path / "curves.csv").read_text() == "step,measure,value\n50,loss,0.02\n100,loss,0.01\n150,loss,2.0\n"


def cnn(noise, recipe):
    """The row of the miniature's network."""
    row = {"source": "training", "library": "own", "network": "small_cnn", "classes": 16, "noise": noise}
    row |= {"resolution": 32, "mean": [0.5] * 3, "std": [0.5] * 3, "training": recipe}
    return observer(family="discriminative", **row)


@pytest.fixture(scope="module")
def on_the_world(tmp_path_factory):
    """Weights' file and loss by noise, after a few steps."""

    def trained(noise, **changes):
        AcceleratorState._reset_state(reset_partial_state=True)
        place, recipe = tmp_path_factory.mktemp("world"), RECIPE | changes
        row = cnn(noise, recipe)
        settings = {"weights": place / "model.safetensors", "logs": place / "logs", "world": WORLD}
        jobs.run("cnn", row, device="cpu", **settings)
        return place / "model.safetensors", curves(place / "logs")["loss"].item()

    return trained


@pytest.fixture(scope="module")
def trained(on_the_world):
    return {noise: on_the_world(noise) for noise in (None, "sqrt_alphas")}


def test_a_training_is_reproducible_to_the_byte(trained, on_the_world):
    torch.rand(5)
    weights, loss = on_the_world("sqrt_alphas")
    assert weights.read_bytes() == trained["sqrt_alphas"][0].read_bytes() and loss == trained["sqrt_alphas"][1]


@pytest.mark.parametrize(("noise", "recorded"), [(None, 2.844), ("sqrt_alphas", 2.887)])
def test_recorded_loss(trained, noise, recorded):
    # Batch norm over few images makes much of roundings, which differ from processor to processor.
    assert trained[noise][1] == pytest.approx(recorded, rel=5e-3)


def test_the_seed_changes_the_loss(on_the_world):
    assert on_the_world(None, steps=1)[1] != on_the_world(None, steps=1, seed=1)[1]


@pytest.mark.parametrize("noise", [None, "sqrt_alphas"])
def test_saved_weights_load_as_an_observer(trained, noise):
    path, _ = trained[noise]
    assert {file.name for file in path.parent.iterdir()} == {"model.safetensors", "logs"}
    row = cnn(noise, RECIPE)
    model = models.load("cnn", row, prompts_of(CATEGORIES), path=path, device="cpu")
    images, _ = batch(drawing_set("training"), 100, 8, 0, WORLD)
    loss, _ = model.evaluate(images, [f"{i}.png" for i in range(8)], model.draws(4, 0))
    assert loss.shape == (8, 16, 1)
    if noise is None:
        network = networks.build("cnn", row).eval()
        network.load_state_dict(load_file(path))
        with torch.inference_mode():
            expected = -network(pixels_to_tensor(images)).log_softmax(1)
        np.testing.assert_allclose(loss[:, :, 0], expected, rtol=1e-4)


def test_learning_rate():
    usual = {"data": "world", "batch_size": 8, "optimizer": "sgd", "learning_rate": 0.5, "seed": 0}
    recipe = Discriminative(**usual, steps=20, warm_up=4, decay=5)
    rates = [learning_rate(recipe, step) / 0.5 for step in range(20)]
    np.testing.assert_allclose(rates, [0.25, 0.5, 0.75, *[1] * 13, 0.8, 0.6, 0.4, 0.2])
    recipe = in_steps(Discriminative(**usual, epochs=4, warm_up=1, schedule="cosine"), 5)
    assert recipe.steps == 20 and recipe.warm_up == 5
    rates = [learning_rate(recipe, step) / 0.5 for step in range(20)]
    falling = np.cos(np.pi * np.arange(15) / 15) / 2 + 0.5
    np.testing.assert_allclose(rates, [0.2, 0.4, 0.6, 0.8, 1, *falling])
