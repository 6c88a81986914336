"""How well the miniature's generative models tell plain drawings apart, by the number of draws.

The drawings are held out, or those that the models were trained on; nothing is distorted.

Usage: python tests/benchmarks/accuracy.py [--observers miniature-diffusion miniature-latent]
    [--split held_out | training] [--images 192] [--draws 32]
"""
# ruff: noqa: E402, since the library may not be installed

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from generative_classifiers import models
from generative_classifiers.draws.weighting import level_weighting, scores
from generative_classifiers.stimuli.miniature.drawing_set import batch, drawing_set
from generative_classifiers.study.load import load
from generative_classifiers.study.observer import PipelineObserver

SHARD, SEED = 32, 1000  # images at once; of drawings that no training has had in this order


def main():
    study = load({"study": "miniature"})
    shipped = [name for name, row in study.observers.items() if isinstance(row, PipelineObserver)]
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--observers", nargs="+", choices=shipped, default=shipped)
    options.add_argument("--split", choices=("held_out", "training"), default="held_out")
    options.add_argument("--images", type=int, default=192)
    options.add_argument("--draws", type=int, default=32)
    given = options.parse_args()
    torch.set_num_threads(1)
    images, truth = batch(drawing_set(given.split), 0, given.images, SEED, study.world)
    names = [f"{given.split} {number}" for number in range(given.images)]
    for observer in given.observers:
        row = study.observers[observer]
        model = models.load(observer, row, study.prompts, path=ROOT / row.pipeline, device="cpu")
        draws = model.draws(given.draws, 0)
        parts = range(0, given.images, SHARD)
        loss = [
            model.evaluate(images[start : start + SHARD], names[start : start + SHARD], draws)[0] for start in parts
        ]
        print(f"{observer}:", *accuracies(np.concatenate(loss), draws, truth), flush=True)


def accuracies(loss, draws, truth):
    """Texts of the accuracy by the first draws, as many as are powers of two."""
    weight = level_weighting(draws.time, draws.alpha, draws.sigma)
    for count in 2 ** np.arange(int(np.log2(loss.shape[2])) + 1):
        right = scores(loss[:, :, :count], weight[:count]).argmin(axis=1) == truth
        yield f"{count} draws {right.mean():.3f}"


if __name__ == "__main__":
    main()
