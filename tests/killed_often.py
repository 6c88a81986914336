"""Fill an evidence store while being killed at random moments; run by test_evidence.

Usage: killed_often.py <pipeline> <store> <log> <seed>. Each evaluation adds a
line with its images to the log. Prints how many jobs were killed, and how many
files were lost.
"""

import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

import numpy as np
import xarray as xr

import tiny_pipelines
from generative_classifiers import models
from generative_classifiers.evidence.single_store import compute_evidence
from generative_classifiers.study.prompts import prompts_of
from typed_rows import observer

IMAGES, SHARD, DRAWS, CATEGORIES = 44, 4, 2, ("cat", "dog", "truck")


def stimuli(images=IMAGES, seed=0):
    """Random images of the pixel pipeline's size."""
    pixels = np.random.default_rng(seed).integers(0, 256, (images, 16, 16, 3), dtype=np.uint8)
    names = [f"image-{i}.png" for i in range(images)]
    coords = {"name": names, "category": ["cat"] * images, "condition": ["all"] * images}
    return xr.Dataset(
        {"image": (("image", "y", "x", "channel"), pixels)},
        coords={name: ("image", np.array(values, object)) for name, values in coords.items()},
    )


def job(pipeline, store, log):
    """An evidence job that logs what it evaluates."""
    row = observer(family="diffusion", pipeline=str(pipeline), batch_size=6)
    model = models.load("tiny", row, prompts_of(CATEGORIES), device="cpu")
    evaluate = model.evaluate

    def logged(images, names, *rest):
        with open(log, "a") as file:
            file.write(",".join(names) + "\n")
        return evaluate(images, names, *rest)

    model.evaluate = logged
    settings = {"observer": "tiny", "dataset": "random", "count": DRAWS, "reconstruct": 1, "shard": SHARD}
    return lambda: compute_evidence(model, stimuli(), store, progress=False, **settings)


def run(work):
    """Start work in a child process, which need not import anything again."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return child


def main(pipeline, store, log, seed):
    """Kill jobs, and lose files of the store between them, until a job ends without an error."""
    work, chance = job(pipeline, store, log), random.Random(int(seed))
    killed = lost = 0
    while True:
        child = run(work)
        deadline = time.monotonic() + chance.uniform(0.02, 0.3 + killed / 5)  # so that it ends on any machine
        while time.monotonic() < deadline:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                assert status == 0
                print(killed, lost)
                return
            time.sleep(0.001)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        killed += 1
        if chance.random() < 0.5 and (Path(store) / "zarr.json").exists():  # a disk that lost something
            chance.choice([path for path in Path(store).rglob("*") if path.is_file()]).unlink()
            lost += 1


if __name__ == "__main__":
    tiny_pipelines.torch.set_num_threads(1)
    main(*sys.argv[1:])
