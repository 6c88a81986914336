"""Scores and CPU seconds compared with the implementation of Li et al. (arXiv 2303.16203), on the same noise.

Theirs compares noise. Ours compares images, weighted by the signal-to-noise ratio, which is the same. Whatever the
network predicts, theirs is given the noise that follows from it.

Usage: python tests/benchmarks/reference_implementation.py --reference FOLDER --pipeline weights/miniature-latent
    [--images 32] [--draws 64] [--batch-size 32]
FOLDER is a clone of https://github.com/diffusion-classifier/diffusion-classifier.
"""
# ruff: noqa: E402, since the library may not be installed

import argparse
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
import torch

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]

from generative_classifiers import models
from generative_classifiers.draws.levels import Draws
from generative_classifiers.draws.weighting import level_weighting, scores
from generative_classifiers.stimuli.miniature.drawing_set import batch, drawing_set
from generative_classifiers.study.prompts import prompts_of
from typed_rows import observer, world


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--reference", type=Path, required=True)
    options.add_argument("--pipeline", type=Path, required=True)
    options.add_argument("--images", type=int, default=32)
    options.add_argument("--draws", type=int, default=64)
    options.add_argument("--batch-size", type=int, default=32)
    given = options.parse_args()
    sys.path.insert(0, str(given.reference))
    from eval_prob_adaptive import eval_prob_adaptive

    torch.set_num_threads(1)
    variant = "fp16" if any(given.pipeline.rglob("*.fp16.*")) else None
    row = observer(family="diffusion", pipeline=str(given.pipeline), variant=variant)
    model = models.load("benchmark", row, prompts_of(), path=given.pipeline, device="cpu", batch_size=given.batch_size)
    images, _ = batch(drawing_set("held_out"), 0, given.images, 0, world())
    shape = (model.codec.channels, *(model.resolution // model.codec.factor,) * 2)
    noise = torch.randn(given.draws, *shape, generator=torch.Generator().manual_seed(0))
    # version: any, for the number of its steps.
    settings = {"n_samples": [given.draws], "to_keep": [1], "n_trials": 1, "loss": "l2", "version": "2-0"}
    arguments = SimpleNamespace(batch_size=given.batch_size, dtype="float32", **settings)
    text, scheduler = model.conditioning["encoder_hidden_states"], model.adapter.pipeline.scheduler

    def theirs(image):
        found = eval_prob_adaptive(Noise(model), model.encode(image[None]), text, scheduler, arguments, shape[1], noise)
        return found[0], np.stack([found[1][place]["pred_errors"] for place in range(len(text))])

    draws = draws_of(model, given.draws)
    weight = level_weighting(draws.time, draws.alpha, draws.sigma, "simple")

    def ours(image):
        loss, _ = model.evaluate(image[None], ["image"], draws)
        return scores(loss, weight)[0].argmin(), loss[0] * weight

    with (
        torch.inference_mode(),
        mock.patch(
            "generative_classifiers.models.diffusion.model.gaussian", lambda _, number, *__: noise[number].numpy()
        ),
    ):
        found = {name: [timed(one, image) for image in images] for name, one in (("theirs", theirs), ("ours", ours))}
    compare(found)


class Noise:
    """A model's network as one that predicts noise."""

    def __init__(self, model):
        self.model = model

    def __call__(self, noised, step, encoder_hidden_states):
        squared = self.model.adapter.pipeline.scheduler.alphas_cumprod[step].reshape(-1, 1, 1, 1)
        alpha, sigma = squared.sqrt(), (1 - squared).sqrt()
        prediction = self.model.adapter.predict(noised, step, encoder_hidden_states=encoder_hidden_states)
        denoised = self.model.schedule.denoise(prediction, noised, alpha, sigma)
        return SimpleNamespace(sample=(noised - alpha * denoised) / sigma)


def draws_of(model, count):
    """The evenly spaced steps of the reference implementation as draws."""
    steps = len(model.adapter.pipeline.scheduler.alphas_cumprod)
    time = (np.arange(steps // count // 2, steps, steps // count)[:count] + 0.5) / steps
    alpha, sigma = model.schedule.scales(time)
    return Draws(np.arange(count), time, alpha, sigma, np.zeros(count, np.int64))


def timed(work, image):
    """What work finds in an image, and how many CPU seconds it takes."""
    start = time.thread_time()
    decision, errors = work(image)
    return decision, errors, time.thread_time() - start


def compare(found):
    """Print how much the two agree, and what they cost."""
    theirs, ours = ([np.array(part) for part in zip(*found[name], strict=True)] for name in ("theirs", "ours"))
    difference = np.abs(ours[1] / theirs[1] - 1)
    print(f"{np.mean(ours[0] == theirs[0]):.1%} equal decisions on {len(ours[0])} images")
    print(f"errors of single draws differ by {difference.max():.1e} at most, relative")
    for name, (_, _, seconds) in (("theirs", theirs), ("ours", ours)):
        print(f"{np.median(seconds):6.2f} CPU seconds an image, median: {name}")


if __name__ == "__main__":
    main()
