"""How many evaluations per second a diffusion model makes, compared with its network alone.

The network alone predicts from full batches that are ready for it. An evaluation does everything that evidence needs:
encoding, noise, batches, losses. All are measured in turn, several times: on a CPU in CPU seconds of one thread, on a
GPU in seconds.

Usage: python tests/benchmarks/throughput.py [--pipeline weights/miniature-diffusion] [--repeats 5] [--device cpu]
Without a pipeline: one shaped like Stable Diffusion, with random weights.
"""
# ruff: noqa: E402, since the library may not be installed

import argparse
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from statistics import median
from unittest import mock

import numpy as np
import torch

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]

import tiny_pipelines
from generative_classifiers import models
from generative_classifiers.models.diffusion import shared_prefix
from generative_classifiers.study.prompts import prompts_of
from typed_rows import observer

BATCH_SIZES = (16, 32, 64)
IMAGES, DRAWS = 2, 4
SHAPE = {
    "block_out_channels": (64, 128, 128),
    "down_block_types": ("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
    "attention_head_dim": 8,
    "norm_num_groups": 32,
}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pipeline", type=Path)
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--device", default="cpu")
    given = options.parse_args()
    torch.set_num_threads(1)
    with nullcontext(given.pipeline) if given.pipeline else tempfile.TemporaryDirectory() as folder:
        if not given.pipeline:
            unet = tiny_pipelines.unet(4, 32, **SHAPE)
            with mock.patch.object(tiny_pipelines, "unet", lambda *_: unet):
                tiny_pipelines.stable_diffusion(Path(folder), side=32)
        shared, plain = load(folder, given.device), load(folder, given.device, share=False)
    speeds = {size: speed(bare(plain, size), size, given.device) for size in BATCH_SIZES}
    size = max(speeds, key=speeds.get)
    shared.batch_size = plain.batch_size = size
    evaluations = IMAGES * DRAWS * len(plain.categories)
    tasks = {
        "the bare network": (bare(plain, size), size),
        "scoring": (scoring(plain), evaluations),
        "scoring, what does not depend on the prompt once": (scoring(shared), evaluations),
    }
    rounds = [{name: speed(*task, given.device) for name, task in tasks.items()} for _ in range(given.repeats)]
    print(f"batches of {size}, the fastest of {', '.join(map(str, BATCH_SIZES))}; medians of {given.repeats} rounds")
    for name in tasks:
        ratio = median(one[name] / one["the bare network"] for one in rounds)
        print(f"{median(one[name] for one in rounds):8.1f} evaluations/s  {ratio:5.2f}  {name}")


def load(folder, device, share=True):
    """The pipeline as a model, with or without the hooks that share the prefix."""
    with nullcontext() if share else mock.patch.object(shared_prefix, "share"):
        variant = "fp16" if any(Path(folder).rglob("*.fp16.*")) else None
        row = observer(family="diffusion", pipeline=str(folder), variant=variant)
        return models.load("benchmark", row, prompts_of(), path=Path(folder), device=device)


def speed(work, count, device):
    """Evaluations per second, given how many the work makes."""
    seconds = time.thread_time if device == "cpu" else time.perf_counter
    start = seconds()
    with torch.inference_mode():
        work()
    if device != "cpu":
        torch.cuda.synchronize()
    return count / (seconds() - start)


def bare(model, size):
    """Work: predictions of the network alone, in its own precision, for one batch that is ready for it."""
    category = torch.arange(size, device=model.device) % len(model.categories)
    predict = NETWORKS[model.family](model, size, category)

    def work():
        with model._precision():
            return predict()

    return work


def _diffusion(model, size, category, dtype=torch.float32):
    side = model.resolution // model.codec.factor
    noised = torch.randn(size, model.codec.channels, side, side).to(model.device, dtype)
    step = torch.full((size,), 500, device=model.device)
    conditioning = {name: value[category] for name, value in model.conditioning.items()}
    return lambda: model.adapter.predict(noised, step, **conditioning)


def _masked(model, size, category):
    tokens = torch.full((size, model.side, model.side), model.mask_token, device=model.device)
    return lambda: model._predict(tokens, category)


def _autoregressive(model, size, category):
    with torch.inference_mode():
        _, embeddings = model.encode(np.zeros((1, model.resolution, model.resolution, 3), np.uint8))
    embeddings = embeddings.expand(size, -1, -1)
    return lambda: model.head(model._states(embeddings, category))


NETWORKS = {"diffusion": _diffusion, "masked": _masked, "autoregressive": _autoregressive}


def scoring(model, draws=DRAWS):
    """Work: the losses of a few images."""
    images = np.random.default_rng(0).integers(0, 256, (IMAGES, model.resolution, model.resolution, 3), np.uint8)
    names, some = [f"{place}.png" for place in range(IMAGES)], model.draws(draws, 0)
    return lambda: model.evaluate(images.copy(), names, some)  # a copy, since what was last encoded is remembered


if __name__ == "__main__":
    main()
