"""How well the miniature's models tell plain drawings apart.

The drawings are held out, or those that the models were trained on; nothing is distorted. Models decide as in the
study: by its noise levels, its draws and its pruning test. With --draws, models whose evidence has several draws also
decide by 1, 2, 4, ... golden draws of all categories. Intervals are Wilson's 95 % intervals.

Usage: python tests/benchmarks/accuracy.py [--observers miniature-diffusion miniature-latent]
    [--split held_out | training] [--images 500] [--seed 1000] [--draws 32]
"""
# ruff: noqa: E402, since the library may not be installed

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from statsmodels.stats.proportion import proportion_confint

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from generative_classifiers import models
from generative_classifiers.draws.weighting import level_weighting, pruning_correction, scores
from generative_classifiers.evidence.pruning import level_table, most_draws, pruning_for
from generative_classifiers.evidence.scoring import score_images
from generative_classifiers.stimuli.miniature.drawing_set import batch, drawing_set
from generative_classifiers.study.draws import draws_of, times_of
from generative_classifiers.study.load import load

SHARD = 32  # images at once
DATASET = "colour"  # whose settings hold: it has undistorted images


def main():
    study = load({"study": "miniature"})
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--observers", nargs="+", choices=study.models, default=study.models)
    options.add_argument("--split", choices=("held_out", "training"), default="held_out")
    options.add_argument("--images", type=int, default=500)
    options.add_argument("--seed", type=int, default=1000, help="of the scenes; trainings and stimuli have others")
    options.add_argument("--draws", type=int, help="golden draws, in addition")
    given = options.parse_args()
    torch.set_num_threads(1)
    images, truth = batch(drawing_set(given.split), 0, given.images, given.seed, study.world)
    names = [f"{given.split} {number}" for number in range(given.images)]
    for observer in given.observers:
        row, made = study.observers[observer], study.weights(observer)
        model = models.load(observer, row, study.prompts, path=ROOT / made if made else None, device="cpu")
        loss, weight = as_in_the_study(model, study, images, names)
        right = (scores(loss, weight) + pruning_correction(loss, weight)).argmin(axis=1) == truth
        lower, upper = proportion_confint(right.sum(), len(right), method="wilson")
        spent = np.isfinite(loss).sum() / len(loss)
        print(f"{observer}: {right.mean():.3f} ({lower:.3f}-{upper:.3f}), {spent:.1f} losses an image", flush=True)
        if given.draws and row.kind.has_levels:
            draws = model.draws(given.draws, 0)
            print(" ", *accuracies(evaluate(model, images, names, draws), draws, truth), flush=True)


def as_in_the_study(model, study, images, names):
    """Losses, NaN where categories were dropped, and the weight of each draw."""
    asked = study, model.observer, DATASET
    weighted = times_of(*asked) == "weighted"
    times = (model.density(level_table(*asked)) or "golden") if weighted else times_of(*asked)
    draws = model.draws(most_draws(draws_of(*asked)), study.evidence.seed, times)
    weight = level_weighting(draws.time, draws.alpha, draws.sigma) / draws.density
    return evaluate(model, images, names, draws, pruning_for(*asked)), weight


def evaluate(model, images, names, draws, pruning=None):
    """Losses (image, category, draw)."""
    shards = [slice(start, start + SHARD) for start in range(0, len(names), SHARD)]
    return np.concatenate(
        [score_images(model, images[one], names[one], draws, pruning=pruning)["loss"] for one in shards]
    )


def accuracies(loss, draws, truth):
    """Texts of the accuracy by the first draws, as many as are powers of two."""
    weight = level_weighting(draws.time, draws.alpha, draws.sigma)
    for count in 2 ** np.arange(int(np.log2(loss.shape[2])) + 1):
        right = scores(loss[:, :, :count], weight[:count]).argmin(axis=1) == truth
        yield f"{count} draws {right.mean():.3f}"


if __name__ == "__main__":
    main()
