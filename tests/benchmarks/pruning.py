"""How many evaluations pruning saves, and how many decisions it changes, on some images of a study.

All draws of all categories are evaluated once and stored. Each pruning test then gets the losses that it asks for.

Usage: python tests/benchmarks/pruning.py --observer miniature-diffusion --store pruning.zarr
    [--study miniature] [--images 500] [--draws 64] [--workers 2]
The study's stimuli must be there already.
"""
# ruff: noqa: E402, since the library may not be installed

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
import xarray as xr

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from generative_classifiers import models
from generative_classifiers.decisions.from_evidence import score_categories
from generative_classifiers.draws.levels import Draws
from generative_classifiers.evidence.pruning import PairedTest, SequentialTest
from generative_classifiers.evidence.scoring import score_images
from generative_classifiers.evidence.single_store import compute_evidence
from generative_classifiers.io.random_numbers import generator
from generative_classifiers.io.stores import RECONSTRUCTIONS, read
from generative_classifiers.study.load import load

RULES = {
    "Clark & Jaini's: paired, 20 draws, 2e-3": PairedTest(20, 2e-3),
    "the same after 4 draws": PairedTest(4, 2e-3),
    "sequential, 4 draws, 0.02": SequentialTest(4, 0.02),
    "sequential, 4 draws, 0.05": SequentialTest(4, 0.05),
    "sequential, 4 draws, 0.1": SequentialTest(4, 0.1),
    "sequential, 4 draws, 0.2": SequentialTest(4, 0.2),
}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--observer", required=True)
    options.add_argument(
        "--store",
        type=Path,
        required=True,
        help="store for the evidence without pruning",
    )
    options.add_argument("--study", default="miniature")
    options.add_argument("--images", type=int, default=500)
    options.add_argument("--draws", type=int, default=64)
    options.add_argument("--workers", type=int, default=2)
    given = options.parse_args()
    study = load({"study": given.study})
    torch.set_num_threads(1)
    made = study.weights(given.observer)
    model = models.load(
        given.observer, study.observers[given.observer], study.prompts, path=ROOT / made if made else None
    )
    compute_evidence(
        model,
        sample(study, given.images),
        given.store,
        observer=given.observer,
        dataset=f"{given.images} images of {study.name}",
        count=given.draws,
        workers=given.workers,
    )
    everything = read(given.store, drop=RECONSTRUCTIONS).load()
    decisions = score_categories(everything).argmin(axis=1)
    for name, rule in RULES.items():
        pruned = everything.assign(loss=(everything.loss.dims, prune(everything, rule)))
        share, same = pruned.loss.notnull().mean().item(), score_categories(pruned).argmin(axis=1) == decisions
        print(f"{share:6.1%} of the evaluations, {same.mean():7.2%} equal decisions ({(~same).sum()} others): {name}")


def sample(study, count):
    """Images of all datasets, in an order that depends only on their names."""
    stores = (read(ROOT / f"data/{study.name}/stimuli/{dataset}.zarr") for dataset in study.stimuli)
    parts = [store.drop_vars("texture_category", errors="ignore") for store in stores]
    for dataset, part in zip(study.stimuli, parts, strict=True):
        part["name"] = ("image", [f"{dataset}/{condition}/{name}" for condition, name in _named(part)])
    images = xr.concat(parts, "image")
    order = np.argsort([generator("benchmark", name).random() for name in images["name"].values])
    return images.isel(image=np.sort(order[:count]))


def _named(part):
    return zip(part["condition"].values, part["name"].values, strict=True)


class Recorded:
    """A model whose losses are known."""

    def __init__(self, evidence):
        self.loss, self.categories = evidence.loss.values, tuple(evidence.category.values)

    def evaluate(self, images, names, draws, reconstruct=None, wanted=None):
        found = self.loss[:, :, draws.number]
        return found if wanted is None else np.where(wanted, found, np.nan), None


def prune(everything, rule):
    """The losses (image, category, draw) that a rule asks for; NaN elsewhere."""
    coords = (everything[name].values for name in ("time", "alpha", "sigma", "seed"))
    draws = Draws(np.arange(everything.sizes["draw"]), *coords)
    names = everything.name.values
    return score_images(Recorded(everything), names, names, draws, pruning=rule)["loss"]


if __name__ == "__main__":
    main()
