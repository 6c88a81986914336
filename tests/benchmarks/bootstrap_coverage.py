"""How often the 95 % intervals hold the truth: simulated pairs of observers with known accuracies and kappa.

Usage: python tests/benchmarks/bootstrap_coverage.py [--replicates 1000] [--images 160 1280]
Prints one row per pair, and the smallest and largest coverage. Some minutes.
"""
# ruff: noqa: E402, since the library may not be installed

import argparse
import sys
from itertools import combinations_with_replacement
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "scripts")]

from simulated_pairs import Pair, coverage

ACCURACIES, KAPPAS = (0.6, 0.7, 0.8, 0.9), (0.0, 0.05, 0.1, 0.3, 0.5)
PAIRS = [Pair(*both, kappa) for both in combinations_with_replacement(ACCURACIES, 2) for kappa in KAPPAS]
POSSIBLE = [pair for pair in PAIRS if (pair.outcomes >= 0).all()]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--replicates", type=int, default=1000)
    options.add_argument("--images", type=int, nargs="+", default=[160, 1280])
    given = options.parse_args()
    for images in given.images:
        found = coverage(POSSIBLE, images, given.replicates)
        print(f"\nn = {images}, {given.replicates} replicates\naccuracies  kappa  {'  '.join(found)}")
        for i, pair in enumerate(POSSIBLE):
            shares = "  ".join(f"{100 * found[measure][i]:{len(measure)}.1f}" for measure in found)
            print(f"{pair.first:.1f}  {pair.second:.1f}    {pair.kappa:5.2f}  {shares}")
        for measure, shares in found.items():
            least, most, mean = 100 * shares.min(), 100 * shares.max(), 100 * shares.mean()
            print(f"{measure}: {least:.1f} to {most:.1f} %, mean {mean:.1f} %")


if __name__ == "__main__":
    main()
