"""How often the intervals of question S7 contain known effects: `python tests/benchmarks/mixed_model.py --runs 40`."""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from generative_classifiers.metrics.lab.matched_models import design_of
from generative_classifiers.metrics.lab.mixed_logistic import fit
from test_lab_models import LEVELS, TRUE, simulated


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=40)
    options.add_argument("--images", type=int, default=240)
    options.add_argument("--spread", type=float, default=0.3, help="standard deviation between models, in log-odds")
    given = options.parse_args()
    terms, design = design_of(LEVELS)
    true, start = np.array([-0.5, *TRUE.values()]), time.process_time()
    inside = []
    for seed in range(given.runs):
        rng = np.random.default_rng(seed)
        chance = np.stack(list(simulated(seed, given.spread, given.images).values()))
        model, image = (grid.ravel() for grid in np.indices(chance.shape))
        found = fit((rng.random(chance.shape) < chance).ravel().astype(float), design, model, image)
        low, high = np.quantile(found.coefficients, [0.025, 0.975], axis=0)
        inside.append((low <= true) & (true <= high))
    for (factor, level), share in zip(terms, np.mean(inside, axis=0), strict=True):
        print(f"{factor}: {level}".strip(": ") or "intercept", f"{share:.3f}")
    print(f"all {np.mean(inside):.3f}; {(time.process_time() - start) / given.runs:.1f} CPU-seconds a fit")


if __name__ == "__main__":
    main()
