"""Train while being killed at random steps; run by test_training.

Usage: killed_trainings.py <image folder> <weights> <seed>. Prints the steps at which trainings were killed.
"""

import os
import random
import signal
import sys
import traceback
from pathlib import Path

import torch

from generative_classifiers.training.discriminative import train
from generative_classifiers.training.image_folder import image_folder
from image_folders import learner

KILLED = 5
LEARNER = learner(noise="sqrt_alphas")


class Deadly(torch.utils.data.Dataset):
    """Batches, one of which kills the process that asks for it."""

    def __init__(self, batches, step):
        self.batches, self.step = batches, step

    def __getitem__(self, place):
        if place[0] == self.step:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.batches[place]


def attempt(data, weights, step):
    """Train in a child, so that what was imported need not be imported again; the child's exit status."""
    child = os.fork()
    if child == 0:
        try:
            data = data._replace(training=Deadly(data.training, step))
            train("tiny", LEARNER, data, weights, weights.parent / "logs", device="cpu", checkpoint=2)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(folder, weights, seed):
    """Be killed often, then train to the end."""
    data = image_folder(folder, LEARNER)
    last = int(LEARNER.training.epochs) * data.steps_per_epoch
    steps = sorted(random.Random(int(seed)).sample(range(1, last), KILLED))
    for step in steps:
        assert attempt(data, Path(weights), step) == -signal.SIGKILL
    assert attempt(data, Path(weights), None) == 0
    print(*steps)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(*sys.argv[1:])
