"""Which cue the miniature's diffusion models follow, by noise level and by weighting.

From golden draws of all categories of the cue conflicts. Prints the decisions for the shape and for the texture, and
the shape bias, of each single noise level t and of the weightings exp(-rate t).

Usage: python tests/benchmarks/noise_levels.py [--observers miniature-diffusion miniature-latent] [--draws 8]
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from generative_classifiers import models
from generative_classifiers.stimuli.miniature.datasets import render
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.load import load

RATES = (0, 3, 7, 14)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--observers", nargs="+", default=["miniature-diffusion", "miniature-latent"])
    options.add_argument("--draws", type=int, default=8)
    given = options.parse_args()
    torch.set_num_threads(1)
    study = load({"study": "miniature"})
    stimuli = render("cue-conflict", study.datasets["cue-conflict"], study.world)
    images, names = stimuli["image"].values, list(stimuli["name"].values)
    for observer in given.observers:
        model = models.load(observer, study.observers[observer], study.prompts, device="cpu")
        draws = model.draws(given.draws, 0, "golden")
        loss, _ = model.evaluate(images, names, draws)
        print(observer)
        for draw in np.argsort(draws.time):
            report(f"t = {draws.time[draw]:.2f}", loss[:, :, draw], stimuli)
        for rate in RATES:
            report(f"exp(-{rate} t)", (loss * np.exp(-rate * draws.time)).mean(axis=2), stimuli)


def report(label, score, stimuli):
    """Print the decisions by a score (image, category)."""
    decisions = np.array(CATEGORIES)[score.argmin(axis=1)]
    shape, texture = ((decisions == stimuli[cue].values).sum() for cue in ("category", "texture_category"))
    print(f"  {label}: shape {shape}, texture {texture}, bias {shape / (shape + texture):.2f}", flush=True)


if __name__ == "__main__":
    main()
