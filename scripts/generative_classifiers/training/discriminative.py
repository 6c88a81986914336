"""Networks trained to name what they see, with diffusion noise or without: one loop, on a CPU or on several GPUs.

What is random comes from the seed, the number of a step and the names of images. So a checkpoint has the number of
steps that are done, the network and the optimizer, and no more is needed to go on as if nothing had happened: the
number says which images come next, and what was random about them.
"""

import json
import time
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast
from safetensors.torch import save_file
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from generative_classifiers.io.atomic import atomic_write
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.loading import networks
from generative_classifiers.training.data import loader, seed_of
from generative_classifiers.training.log import Log
from generative_classifiers.training.schedule import in_steps, learning_rate

REPORT, CHECKPOINT = 50, 1000  # steps from one to the next


def train(observer, row, source, weights, logs, *, device="auto", workers=0, checkpoint=CHECKPOINT):
    """Train a network, or go on training it, and save its weights.

    Parameters
    ----------
    observer : str
        For messages.
    row : study.observers.TrainedObserver
    source : data.Source
    weights : Path or str
        The file of weights, safetensors. Beside it is the last checkpoint, until the weights are there.
    logs : Path or str
        Folder of the curves.
    device : str
        "auto" (a GPU if there is one), "cpu", "cuda".
    workers : int
        Processes that load images, for each that trains.
    checkpoint : int
        Steps from one to the next.
    """
    recipe, weights = in_steps(row.training, source.steps_per_epoch), Path(weights)
    torch.manual_seed(recipe.seed)
    trainer, kept = Trainer(networks.build(observer, row), recipe, device), weights.with_suffix(".checkpoint")
    settings = row.decisive() | {"training": None} | recipe.model_dump(exclude_none=True)
    if kept.exists():
        trainer.load(kept, settings)
    first = trainer.accelerator.is_main_process
    log = Log(logs, trainer.step) if first else None
    with tqdm(total=recipe.steps, initial=trainer.step, unit="step", desc=observer, disable=not first) as bar:
        for values in trainer.steps(source, workers):
            bar.update()
            if first and values:
                bar.set_postfix({key: f"{value:.4g}" for key, value in values.items()}, refresh=False)
                log.add(trainer.step, **values)
            if first and trainer.step % checkpoint == 0:
                trainer.save(kept, settings)
    if first:
        log.close()
        with atomic_write(weights) as partial:
            save_file({name: tensor.contiguous() for name, tensor in trainer.bare.state_dict().items()}, partial)
        kept.unlink(missing_ok=True)
    trainer.accelerator.wait_for_everyone()
    trainer.accelerator.end_training()


class Trainer:
    """All that changes while a network trains, in one of the processes that train it together.

    Parameters
    ----------
    network : torch.nn.Module
        Maps images (image, 3, y, x) to logits (image, class).
    recipe : study.recipes.Discriminative
        With its times in steps.
    device : str
        As for `train`.

    Attributes
    ----------
    step : int
        Steps that are done.
    shares : list of int
        Which of the recipe's devices this process stands for: for several in turn, where processes are fewer.

    Raises
    ------
    InputError
        The processes cannot have equal numbers of the recipe's devices.
    """

    def __init__(self, network, recipe, device="auto"):
        devices, precision = recipe.devices, "bf16" if recipe.dtype == "bfloat16" else "no"
        self.accelerator = Accelerator(cpu=device == "cpu", mixed_precision=precision)
        processes = self.accelerator.num_processes
        if devices % processes:
            raise InputError(f"{processes} processes cannot share {devices} devices, as the recipe has them, equally")
        self.accelerator.gradient_accumulation_steps = devices // processes
        self.shares = [*range(self.accelerator.process_index, devices, processes)]
        if recipe.sync_batch_norm:
            network = torch.nn.SyncBatchNorm.convert_sync_batchnorm(network)
        # Channels last: faster on CPUs, and on GPUs in half precision.
        network = network.to(memory_format=torch.channels_last).train()
        self.network, self.optimizer = self.accelerator.prepare(network, _optimizer(network, recipe))
        self.recipe, self.step = recipe, 0

    @property
    def bare(self):
        """The network, without what makes it one of several."""
        return self.accelerator.unwrap_model(self.network)

    def steps(self, source, workers):
        """Train to the end.

        Parameters
        ----------
        source : data.Source
        workers : int

        Yields
        ------
        dict of str to float
            After each step, what is to be noted: mostly nothing.
        """
        places = ((step, share) for step in range(self.step, self.recipe.steps) for share in self.shares)
        batches, total, since, start = iter(loader(source.training, places, workers)), 0, self.step, time.perf_counter()
        while self.step < self.recipe.steps:
            total += self.advance(batches)
            values, done = {}, self.step - since
            if self._due(REPORT):
                loss, seconds = self.accelerator.reduce(total).item() / done, time.perf_counter() - start
                rate = done * self.recipe.batch_size * self.recipe.devices / seconds
                values = {"loss": loss, "learning_rate": self._rate(self.step - 1), "images_per_second": rate}
                total, since, start = 0, self.step, time.perf_counter()
            if source.validation and self._due(source.steps_per_epoch):
                values |= self.validate(source.validation, workers)
            yield values

    def _due(self, every):
        return self.step % every == 0 or self.step == self.recipe.steps

    def _rate(self, step):
        return learning_rate(self.recipe, step)

    def advance(self, batches):
        """One step.

        Parameters
        ----------
        batches : iterator
            Images and labels of this process' shares, one after the other.

        Returns
        -------
        torch.Tensor
            This process' part of the step's loss: the parts of all processes add up to it.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate(self.step)
        total = 0
        for share in self.shares:
            images, labels = next(batches)
            torch.manual_seed(seed_of("step", self.recipe.seed, self.step, share))  # for networks with dropout
            with self.accelerator.accumulate(self.network):
                loss = self._loss(self.network, images, labels)[0]
                self.accelerator.backward(loss)
                self.optimizer.step()
                self.optimizer.zero_grad()
            total += loss.detach()
        self.step += 1
        return total / self.recipe.devices

    def _loss(self, network, images, labels):
        """Mean cross entropy, and how many images are named rightly."""
        device = self.accelerator.device
        labels = labels.to(device, non_blocking=True)
        logits = network(images.to(device, non_blocking=True, memory_format=torch.channels_last))
        return cross_entropy(logits, labels), (logits.argmax(1) == labels).sum()

    @torch.no_grad()
    def validate(self, validation, workers):
        """Mean cross entropy and share of images that are named rightly.

        Parameters
        ----------
        validation : torch.utils.data.Dataset
            Batches by their number.
        workers : int

        Returns
        -------
        dict of str to float
        """
        network, sums = self.bare.eval(), torch.zeros(3, device=self.accelerator.device)
        for buffer in network.buffers():  # each process has its own running statistics: the first's are saved
            buffer.copy_(broadcast(buffer))
        numbers = range(self.accelerator.process_index, len(validation), self.accelerator.num_processes)
        for images, labels in loader(validation, numbers, workers):
            loss, right = self._loss(network, images, labels)
            sums += torch.stack([loss * len(labels), right, torch.full_like(right, len(labels))])
        network.train()
        loss, right, count = self.accelerator.reduce(sums).tolist()
        return {"validation_loss": loss / count, "validation_accuracy": right / count}

    def save(self, path, settings):
        """Write a checkpoint, whole or not at all.

        Parameters
        ----------
        path : Path
        settings : dict
            All that the training depends on, as JSON can hold it.
        """
        state = {"step": self.step, "settings": json.dumps(settings)}
        state |= {"network": self.bare.state_dict(), "optimizer": self.optimizer.state_dict()}
        with atomic_write(path) as partial:
            torch.save(state, partial)

    def load(self, path, settings):
        """Go on from a checkpoint; InputError if it was made with other settings."""
        state = torch.load(path, map_location="cpu", weights_only=True)
        was = json.loads(state["settings"])
        for key in was | settings:
            if was.get(key) != settings.get(key):
                change = f"{key} {was.get(key)}, now it is {settings.get(key)}"
                raise InputError(f"{path}: the training began with {change}; remove this file to begin anew")
        self.step = state["step"]
        self.bare.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])


def _optimizer(network, recipe):
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(
            network.parameters(), recipe.learning_rate, recipe.momentum, weight_decay=recipe.weight_decay
        )
    return torch.optim.AdamW(network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
