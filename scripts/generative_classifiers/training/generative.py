"""The loop that trains every generative model of the miniature."""

from pathlib import Path
from typing import Protocol

import torch
from diffusers.training_utils import EMAModel
from tqdm import tqdm

from generative_classifiers.io.atomic import atomic_write
from generative_classifiers.training.schedule import learning_rate


class Task(Protocol):
    """What is trained, and by what.

    Attributes
    ----------
    modules : torch.nn.ModuleList
        What is trained.
    """

    modules: torch.nn.ModuleList

    def loss(self, step):
        """The loss of a step's batch; all that is random in it comes from the step's number and the seed.

        Parameters
        ----------
        step : int

        Returns
        -------
        torch.Tensor
            Scalar.
        """


class Trainer:
    """All that changes while a model trains.

    Parameters
    ----------
    task : Task
    recipe : dict
        steps, learning_rate, warm_up and decay (steps), ema (decay of the weights' moving average).

    Attributes
    ----------
    step : int
        How many are done.
    """

    def __init__(self, task, recipe):
        self.task, self.recipe, self.step = task, recipe, 0
        self.modules = task.modules.train()
        self.average = EMAModel(self.modules.parameters(), decay=recipe.ema, use_ema_warmup=True, power=0.75)
        self.optimizer = torch.optim.AdamW(self.modules.parameters(), lr=recipe.learning_rate)

    def advance(self):
        """One step.

        Returns
        -------
        float
            Its loss.
        """
        loss = self.task.loss(self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.recipe, self.step)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.modules.parameters(), 1.0)
        self.optimizer.step()
        self.average.step(self.modules.parameters())
        self.step += 1
        return loss.item()

    def save(self, path):
        """Write a checkpoint, whole or not at all."""
        state = {
            "step": self.step,
            "modules": self.modules.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.state_dict(),
        }
        with atomic_write(path) as partial:
            torch.save(state, partial)

    def load(self, path):
        """Go on from a checkpoint."""
        state = torch.load(path, weights_only=True)
        self.step = state["step"]
        self.modules.load_state_dict(state["modules"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average.load_state_dict(state["average"])

    def finish(self):
        """Leave the task's modules with the moving average of their weights; training is over after this."""
        self.average.copy_to(self.modules.parameters())
        self.modules.eval()


def train(task, recipe, checkpoint, every=500):
    """Train, or go on training, what a task has to be trained.

    Parameters
    ----------
    task : Task
        Its modules are trained after this.
    recipe : dict
        As for `Trainer`.
    checkpoint : Path
        Kept up to date while training, and left at its end; a run that was stopped goes on from it.
    every : int
        Steps from checkpoint to checkpoint.

    Returns
    -------
    list of float
        The losses of the steps that this call made.
    """
    trainer, losses = Trainer(task, recipe), []
    if Path(checkpoint).exists():
        trainer.load(checkpoint)
    with tqdm(total=recipe.steps, initial=trainer.step, unit="step", desc=type(task).__name__) as bar:
        while trainer.step < recipe.steps:
            losses.append(trainer.advance())
            bar.update()
            bar.set_postfix(loss=f"{sum(losses[-200:]) / len(losses[-200:]):.4f}", refresh=False)
            if trainer.step % every == 0 or trainer.step == recipe.steps:
                trainer.save(checkpoint)
    trainer.finish()
    return losses


def save(pipeline, folder):
    """Save a pipeline, or a model of transformers, in half precision."""
    pipeline.to(dtype=torch.float16).save_pretrained(folder, variant="fp16", safe_serialization=True)
