"""The loop that trains every discriminative network, on a CPU or on several GPUs.

Everything random depends on the seed, a step's number and the names of images. So a checkpoint needs only the number of
steps that are done, the network and the optimizer: from these a training continues as if it had not been interrupted.
"""

import json
import time
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast
from safetensors.torch import save
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from generative_classifiers.io.atomic import atomic_write
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.loading import networks
from generative_classifiers.training.checkpoints import write_checkpoint
from generative_classifiers.training.curves import CurveLog
from generative_classifiers.training.data import loader, seed_of
from generative_classifiers.training.schedule import in_steps, learning_rate

# Steps from one report, or checkpoint, to the next.
REPORT, CHECKPOINT = 50, 1000


def train(observer, row, data, weights, logs, *, device="auto", workers=0, checkpoint=CHECKPOINT):
    """Train a network, or continue its training, and save its weights.

    Parameters
    ----------
    observer : str
        For messages.
    row : study.observers.TrainedObserver
    data : training.data.TrainingData
    weights : Path or str
        The file for the weights, safetensors. The last checkpoint is kept next to it until the weights are complete.
    logs : Path or str
        Folder for the curves.
    device : str
        "auto" (a GPU if there is one), "cpu", "cuda".
    workers : int
        Processes that load images, for each process that trains.
    checkpoint : int
        Steps from one checkpoint to the next.

    Raises
    ------
    InputError
        The checkpoint is of a training with other settings.
    """
    recipe, weights = in_steps(row.training, data.steps_per_epoch), Path(weights)
    torch.manual_seed(recipe.seed)
    trainer = Trainer(networks.build(observer, row), recipe, device)
    saved, settings = weights.with_suffix(".checkpoint"), _settings(row, recipe)
    if saved.exists():
        trainer.load(saved, settings)
    is_main = trainer.accelerator.is_main_process
    log = CurveLog(logs, trainer.step) if is_main else None
    with tqdm(total=recipe.steps, initial=trainer.step, unit="step", desc=observer, disable=not is_main) as bar:
        for measures in trainer.steps(data, workers):
            bar.update()
            if is_main and measures:
                bar.set_postfix({name: f"{value:.4g}" for name, value in measures.items()}, refresh=False)
                log.add(trainer.step, **measures)
            if is_main and trainer.step % checkpoint == 0:
                trainer.save(saved, settings)
    if is_main:
        log.close()
        trainer.save_weights(weights, recipe.half)
        saved.unlink(missing_ok=True)
    trainer.accelerator.wait_for_everyone()
    trainer.accelerator.end_training()


def _settings(row, recipe):
    """Everything that a training depends on, as plain data."""
    return {**row.decisive(), "training": None, **recipe.model_dump(exclude_none=True)}


class Trainer:
    """The state of a training, in one of the processes that train a network together.

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
        Which of the recipe's devices this process stands for: several in turn, if there are fewer processes.

    Raises
    ------
    InputError
        The recipe's devices cannot be divided equally between the processes.
    """

    def __init__(self, network, recipe, device="auto"):
        precision = "bf16" if recipe.dtype == "bfloat16" else "no"
        self.accelerator = Accelerator(cpu=device == "cpu", mixed_precision=precision)
        processes = self.accelerator.num_processes
        if recipe.devices % processes:
            raise InputError(f"{processes} processes cannot share the recipe's {recipe.devices} devices equally")
        self.accelerator.gradient_accumulation_steps = recipe.devices // processes
        self.shares = list(range(self.accelerator.process_index, recipe.devices, processes))
        if recipe.sync_batch_norm:
            network = torch.nn.SyncBatchNorm.convert_sync_batchnorm(network)
        # Channels last: faster on CPUs, and on GPUs in half precision.
        network = network.to(memory_format=torch.channels_last).train()
        self.network, self.optimizer = self.accelerator.prepare(network, _optimizer(network, recipe))
        self.recipe, self.step = recipe, 0

    @property
    def unwrapped(self):
        """The network without the wrapper that synchronises it with other processes."""
        return self.accelerator.unwrap_model(self.network)

    def steps(self, data, workers):
        """Train to the end.

        Parameters
        ----------
        data : training.data.TrainingData
        workers : int

        Yields
        ------
        dict of str to float
            The values to be logged after each step; after most steps there are none.
        """
        keys = ((step, share) for step in range(self.step, self.recipe.steps) for share in self.shares)
        batches = iter(loader(data.training, keys, workers))
        interval = _Interval(self.step)
        while self.step < self.recipe.steps:
            interval.loss += self.advance(batches)
            measures = {}
            if self._is_due(REPORT):
                measures |= self._report(interval)
                interval = _Interval(self.step)
            if data.validation and self._is_due(data.steps_per_epoch):
                measures |= self.validate(data.validation, workers)
            yield measures

    def _is_due(self, every):
        """Whether something happens after this step that happens after so many, and after the last."""
        return self.step % every == 0 or self.step == self.recipe.steps

    def _report(self, interval):
        """Mean loss, learning rate and speed of the steps since the last report."""
        steps = self.step - interval.first_step
        loss = self.accelerator.reduce(interval.loss).item() / steps
        images = steps * self.recipe.batch_size * self.recipe.devices
        return {
            "loss": loss,
            "learning_rate": learning_rate(self.recipe, self.step - 1),
            "images_per_second": images / (time.perf_counter() - interval.start),
        }

    def advance(self, batches):
        """Make one step.

        Parameters
        ----------
        batches : iterator
            Images and labels of this process' shares, one after the other.

        Returns
        -------
        torch.Tensor
            This process' part of the step's loss. The parts of all processes add up to it.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.recipe, self.step)
        total = 0
        for share in self.shares:
            images, labels = next(batches)
            torch.manual_seed(seed_of("step", self.recipe.seed, self.step, share))  # for networks with dropout
            with self.accelerator.accumulate(self.network):
                loss, _ = self._evaluate(self.network, images, labels)
                self.accelerator.backward(loss)
                self.optimizer.step()
                self.optimizer.zero_grad()
            total += loss.detach()
        self.step += 1
        return total / self.recipe.devices

    def _evaluate(self, network, images, labels):
        """Mean cross entropy, and the number of images that are named correctly."""
        device = self.accelerator.device
        labels = labels.to(device, non_blocking=True)
        logits = network(images.to(device, non_blocking=True, memory_format=torch.channels_last))
        return cross_entropy(logits, labels), (logits.argmax(1) == labels).sum()

    @torch.no_grad()
    def validate(self, validation, workers):
        """Mean cross entropy, and the share of images that are named correctly.

        Parameters
        ----------
        validation : torch.utils.data.Dataset
            Batches by their number.
        workers : int

        Returns
        -------
        dict of str to float
        """
        network, sums = self.unwrapped.eval(), torch.zeros(3, device=self.accelerator.device)
        for buffer in network.buffers():  # each process has its own running statistics; the first's are saved
            buffer.copy_(broadcast(buffer))
        numbers = range(self.accelerator.process_index, len(validation), self.accelerator.num_processes)
        for images, labels in loader(validation, numbers, workers):
            loss, correct = self._evaluate(network, images, labels)
            sums += torch.stack([loss * len(labels), correct, torch.full_like(correct, len(labels))])
        network.train()
        loss, correct, count = self.accelerator.reduce(sums).tolist()
        return {"validation_loss": loss / count, "validation_accuracy": correct / count}

    def save(self, path, settings):
        """Write a checkpoint; an interruption leaves the one before.

        Parameters
        ----------
        path : Path
        settings : dict
            Everything that the training depends on, as plain data that JSON can hold.
        """
        state = {
            "step": self.step,
            "settings": json.dumps(settings),
            "network": self.unwrapped.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        write_checkpoint(path, state)

    def load(self, path, settings):
        """Continue from a checkpoint; InputError if it was made with other settings."""
        state = torch.load(path, map_location="cpu", weights_only=True)
        before = json.loads(state["settings"])
        for key in before | settings:
            if before.get(key) != settings.get(key):
                change = f"{key} {before.get(key)}, now it is {settings.get(key)}"
                raise InputError(f"{path}: the training began with {change}; remove this file to start again")
        self.step = state["step"]
        self.unwrapped.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])

    def save_weights(self, path, half):
        """Write the network's weights as safetensors, perhaps in half precision."""
        network = self.unwrapped.half() if half else self.unwrapped
        tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
        with atomic_write(path) as partial:
            partial.write_bytes(save(tensors))


class _Interval:
    """The steps since the last report: their summed loss, the first of them, and when it started."""

    def __init__(self, step):
        self.loss, self.first_step, self.start = 0, step, time.perf_counter()


def _optimizer(network, recipe):
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(
            network.parameters(), recipe.learning_rate, recipe.momentum, weight_decay=recipe.weight_decay
        )
    return torch.optim.AdamW(network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
