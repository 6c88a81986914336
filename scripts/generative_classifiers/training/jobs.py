"""The training of a discriminative network as a job: in this process, or in one process per GPU of a node."""

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
from generative_classifiers.training.data import RenderedImages, TrainingData
from generative_classifiers.training.discriminative import train


def check(observer, row, folder):
    """Check that the images of a training exist, before anything that takes long.

    Parameters
    ----------
    observer : str
    row : study.observers.TrainedObserver
    folder : str or None
        ImageNet's.

    Raises
    ------
    InputError
        They are missing, or not those expected.
    """
    if row.training.data != "imagenet":
        return
    if folder is None:
        raise InputError(f"config.yaml: imagenet is not set, the folder of images that {observer} is trained on")
    from generative_classifiers.training import image_folder  # late, since torchvision takes seconds to import

    image_folder.check(folder, _class_folders(row))


def _class_folders(row):
    """Names of the classes' folders, in the order of the network's logits."""
    if row.classes == len(CATEGORIES):
        return list(CATEGORIES)
    from timm.data import ImageNetInfo

    return ImageNetInfo().label_names()


def process_count(device, devices):
    """How many processes train a network.

    Parameters
    ----------
    device : str
        "auto", "cpu", "cuda", or one of several GPUs, "cuda:1".
    devices : int
        The recipe's devices, which the processes share equally.

    Returns
    -------
    int
        As many as possible with a GPU for each; one without GPUs.
    """
    gpus = torch.cuda.device_count() if device in ("auto", "cuda") else 0
    return max(count for count in range(1, max(gpus, 1) + 1) if devices % count == 0)


def run(observer, row, weights, logs, device="auto", workers=0, world=None, folder=None):
    """Train in this process, which is one of several if `torchrun` has started it.

    Parameters
    ----------
    observer, row, weights, logs, device, workers
        As for `training.discriminative.train`.
    world : study.settings.World, optional
        For a row with `data: world`.
    folder : str, optional
        ImageNet's, for a row with `data: imagenet`.
    """
    if ":" in device:  # one GPU of several
        os.environ["ACCELERATE_TORCH_DEVICE"] = device
    if row.training.data == "world":
        data = TrainingData(RenderedImages(world, row.training, row.noise, row.resolution))
    else:
        from generative_classifiers.training.image_folder import image_folder

        data = image_folder(folder, row)
    train(observer, row, data, weights, logs, device=device, workers=workers)


def start(count, **settings):
    """Train in several processes.

    Parameters
    ----------
    count : int
        With 1, in this process.
    **settings
        Arguments of `run`.
    """
    if count == 1:
        return run(**settings)
    plain = {key: value.as_params() if isinstance(value, Strict) else value for key, value in settings.items()}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"]
    paths = [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    subprocess.run([*command, "-m", __name__, json.dumps(plain)], env=environment, check=True)


def _main(arguments):
    """What each process of `start` runs."""
    torch.set_num_threads(1)
    settings = json.loads(arguments)
    settings["row"] = TrainedObserver(**settings["row"])
    if settings.get("world"):
        settings["world"] = World(**settings["world"])
    run(**settings)


if __name__ == "__main__":
    _main(sys.argv[1])
