"""A training as a job: in this process, or on all GPUs of a node, a process for each."""

import json
import os
import subprocess
import sys

import torch

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.paths import PACKAGE
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.observers import TrainedObserver
from generative_classifiers.study.settings import World
from generative_classifiers.study.validation import Strict
from generative_classifiers.training.data import Rendered, Source
from generative_classifiers.training.discriminative import train


def check(observer, row, folder):
    """Look whether there are the images that a row is to be trained on, before anything that takes long.

    Parameters
    ----------
    observer : str
    row : study.observers.TrainedObserver
    folder : str or None
        ImageNet's.

    Raises
    ------
    InputError
        That says what was expected.
    """
    if row.training.data != "imagenet":
        return
    if folder is None:
        raise InputError(f"config.yaml: imagenet is not set, the folder of images that {observer} is trained on")
    from generative_classifiers.training import image_folder

    image_folder.check(folder, _classes(row))


def _classes(row):
    """Names of the classes' folders, in the order of a network's answers."""
    if row.classes == len(CATEGORIES):
        return list(CATEGORIES)
    from timm.data import ImageNetInfo

    return ImageNetInfo().label_names()


def processes(device, devices):
    """How many processes train a network.

    Parameters
    ----------
    device : str
        "auto", "cpu", "cuda", or one of several GPUs, "cuda:1".
    devices : int
        As the recipe has them: processes are a divisor of it.

    Returns
    -------
    int
        One without GPUs; else as many as possible, one for each.
    """
    there = torch.cuda.device_count() if device in ("auto", "cuda") else 1
    return max(number for number in range(1, max(there, 1) + 1) if devices % number == 0)


def run(observer, row, weights, logs, device="auto", workers=0, world=None, folder=None):
    """Train in this process, as one of several where `torchrun` has started it.

    Parameters
    ----------
    observer, row, weights, logs, device, workers
        As for `discriminative.train`.
    world : study.settings.World, optional
        What `data: world` is rendered of.
    folder : str, optional
        ImageNet's, for `data: imagenet`.
    """
    recipe, noise = row.training, row.noise
    if ":" in device:  # one GPU of several
        os.environ["ACCELERATE_TORCH_DEVICE"] = device
    if recipe.data == "world":
        source = Source(Rendered(world, recipe, noise))
    else:
        from generative_classifiers.training.image_folder import image_folder

        source = image_folder(folder, recipe, row, noise)
    train(observer, row, source, weights, logs, device=device, workers=workers)


def start(count, **settings):
    """Train in so many processes.

    Parameters
    ----------
    count : int
    **settings
        As for `run`.
    """
    if count == 1:
        return run(**settings)
    plain = {key: value.as_params() if isinstance(value, Strict) else value for key, value in settings.items()}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"]
    paths = os.pathsep.join([str(PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = os.environ | {"PYTHONPATH": paths}
    subprocess.run([*command, "-m", __name__, json.dumps(plain)], env=environment, check=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    given = json.loads(sys.argv[1])
    typed = {"row": TrainedObserver, "world": World}
    run(**given | {key: kind(**given[key]) for key, kind in typed.items() if given.get(key)})
