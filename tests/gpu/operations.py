"""Floating-point operations of an evaluation: counted on the meta device, which computes nothing.

Usage: python tests/gpu/operations.py
    the networks of `real_shapes`, and what is saved by computing once what comes before the first cross-attention
python tests/gpu/operations.py --registry
    the discriminative networks and CLIP of registry/observers.yaml, for its keys `gflop`

A multiplication and an addition are two operations.
"""
# ruff: noqa: E402, since the library may not be installed

import argparse
import sys
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests"), str(ROOT / "tests" / "benchmarks")]

import real_shapes
import throughput
from generative_classifiers.models.diffusion import shared_prefix
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.load import load_observers


def counted(work):
    """Floating-point operations of some work."""
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def of_shape(name):
    """Operations of one evaluation by a network of `real_shapes`."""
    return counted(throughput.bare(real_shapes.load(name, "meta", "float32"), 1))


def of_decoder(name):
    """Operations of decoding the tokens of an image."""
    model = real_shapes.load(name, "meta", "float32")
    tokens = torch.zeros(1, model.side, model.side, dtype=torch.long, device="meta")
    return counted(lambda: model.decoder.decode(tokens))


def of_shared(name):
    """Operations of one evaluation if all categories of a noised image are evaluated at once, sharing what they can."""
    model, categories = real_shapes.load(name, "meta", "float32"), len(CATEGORIES)
    first, noised = torch.zeros(1, dtype=torch.long), torch.zeros(categories, dtype=torch.long)
    with shared_prefix.noised_images(first, noised):
        return counted(throughput.bare(model, categories)) / categories


def of_classifier(row):
    """Operations of one image by a discriminative network or CLIP's vision tower, without its weights."""
    with torch.device("meta"):
        if row.family == "contrastive":
            import open_clip

            network = open_clip.create_model(row.network, load_weights=False, device="meta").visual
        else:
            from generative_classifiers.models.loading.networks import build

            network = build("operations", row)
        images = torch.zeros(1, 3, row.resolution, row.resolution)
    return counted(lambda: network.eval()(images))


def main():
    """Print a table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--registry", action="store_true")
    if options.parse_args().registry:
        for name, row in load_observers().items():
            if row.needs_evidence and row.family in ("discriminative", "contrastive"):
                print(f"{of_classifier(row) / 1e9:10.3g} GFLOP  {name}", flush=True)
        return
    for name in real_shapes.MAKE:
        alone = of_shape(name)
        saved = 1 - of_shared(name) / alone if name.startswith("stable-diffusion") else 0
        print(f"{alone / 1e9:8.0f} GFLOP  {saved:6.1%} saved by sharing  {name}", flush=True)
    print(f"{of_decoder('amused-512') / 1e9:8.0f} GFLOP  the decoder of amused-512, in float32")


if __name__ == "__main__":
    main()
