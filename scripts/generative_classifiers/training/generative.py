"""The loop that trains every generative model of the miniature."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from diffusers.training_utils import EMAModel
from torch.utils.data import Dataset
from tqdm import tqdm

from generative_classifiers.training.checkpoints import write_checkpoint
from generative_classifiers.training.curves import CurveLog
from generative_classifiers.training.data import loader
from generative_classifiers.training.schedule import learning_rate

# Steps from one report, or checkpoint, to the next.
REPORT, CHECKPOINT = 100, 500


class Task(ABC, Dataset):
    """Modules to be trained, and the loss that trains them. As a dataset, what each step's loss is computed from.

    Parameters
    ----------
    modules : iterable of torch.nn.Module

    Attributes
    ----------
    modules : torch.nn.ModuleList
    """

    def __init__(self, modules: Iterable[torch.nn.Module]) -> None:
        self.modules = torch.nn.ModuleList(modules)

    @abstractmethod
    def __getitem__(self, step: int) -> Sequence[torch.Tensor]:
        """A step's batch and all that is random in it, on the CPU.

        It depends on the step's number and the recipe's seed alone.
        """

    @abstractmethod
    def loss(self, step: int, *batch: torch.Tensor) -> torch.Tensor:
        """The loss of a step's batch, a scalar. The batch is where the modules are."""


class Trainer:
    """The state of a training.

    Parameters
    ----------
    task : Task
    recipe : study.recipes.Training

    Attributes
    ----------
    step : int
        Steps that are done.
    """

    def __init__(self, task, recipe):
        self.task, self.recipe, self.step = task, recipe, 0
        self.modules = task.modules.train()
        self.device = next(self.modules.parameters()).device
        self.average = EMAModel(self.modules.parameters(), decay=recipe.ema, use_ema_warmup=True, power=0.75)
        self.optimizer = torch.optim.AdamW(self.modules.parameters(), lr=recipe.learning_rate)

    def advance(self, batch):
        """Make one step.

        Parameters
        ----------
        batch : sequence of torch.Tensor
            The task's, of this step.

        Returns
        -------
        float
            The step's loss.
        """
        loss = self.task.loss(self.step, *(part.to(self.device, non_blocking=True) for part in batch))
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
        """Write a checkpoint; an interruption leaves the one before."""
        state = {
            "step": self.step,
            "modules": self.modules.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.state_dict(),
        }
        write_checkpoint(path, state)

    def load(self, path):
        """Continue from a checkpoint."""
        state = torch.load(path, weights_only=True, map_location=self.device)
        self.step = state["step"]
        self.modules.load_state_dict(state["modules"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average.load_state_dict(state["average"])

    def finish(self):
        """End the training: give the modules the moving average of their weights."""
        self.average.copy_to(self.modules.parameters())
        self.modules.eval()


def train(task, recipe, checkpoint, every=CHECKPOINT, *, workers=0):
    """Train a task's modules where they are, or continue their training from its last checkpoint.

    Parameters
    ----------
    task : Task
        Its modules are changed.
    recipe : study.recipes.Training
    checkpoint : Path
        Updated during the training, and kept at its end. The training's curves are in a folder next to it.
    every : int
        Steps from one checkpoint to the next.
    workers : int
        Processes that prepare batches ahead.

    Returns
    -------
    list of float
        The losses of the steps that this call made.
    """
    trainer, losses = Trainer(task, recipe), []
    if Path(checkpoint).exists():
        trainer.load(checkpoint)
    log = CurveLog(Path(checkpoint).with_suffix(".curves"), trainer.step)
    with tqdm(total=recipe.steps, initial=trainer.step, unit="step", desc=type(task).__name__) as bar:
        for batch in loader(task, range(trainer.step, recipe.steps), workers):
            losses.append(trainer.advance(batch))
            bar.update()
            if trainer.step % REPORT == 0:
                recent = losses[-REPORT:]
                loss = sum(recent) / len(recent)
                bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
                log.add(trainer.step, loss=loss, learning_rate=learning_rate(recipe, trainer.step - 1))
            if trainer.step % every == 0 or trainer.step == recipe.steps:
                trainer.save(checkpoint)
    log.close()
    trainer.finish()
    return losses


def save(pipeline, folder):
    """Save a pipeline, or a model of transformers, in half precision."""
    pipeline.to(dtype=torch.float16).save_pretrained(folder, variant="fp16", safe_serialization=True)
