"""CPU seconds of all intervals on a study's decisions, which must be there already.

Usage: python tests/benchmarks/bootstrap.py --study humans [--data data]
"""
# ruff: noqa: E402, since the library may not be installed

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from generative_classifiers.io.stores import read
from generative_classifiers.metrics.accuracy import accuracy
from generative_classifiers.metrics.benchmark import benchmark
from generative_classifiers.metrics.cells import list_cells
from generative_classifiers.metrics.comparisons import comparisons
from generative_classifiers.metrics.conditions import compare, conditions
from generative_classifiers.metrics.consistency import consistency
from generative_classifiers.metrics.resampling import RESAMPLES
from generative_classifiers.metrics.shape_bias import shape_bias
from generative_classifiers.study.benchmark_names import CUE_CONFLICT
from generative_classifiers.study.load import load


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--study", default="humans")
    options.add_argument("--data", type=Path, default=ROOT / "data")
    given = options.parse_args()
    study = load({"study": given.study})
    conditions_of = {name: row.conditions for name, row in study.datasets.items()}
    excluded = {name: row.excluded for name, row in study.datasets.items()}
    cells = list_cells(conditions_of, excluded)
    decisions = {name: read(given.data / study.name / f"decisions/{name}.zarr") for name in study.datasets}
    comparison = None
    total = measure("accuracy", lambda: accuracy(decisions.values(), cells))
    total += measure("consistency of all pairs", lambda: consistency(decisions.values(), cells))

    def compared():
        nonlocal comparison
        comparison = compare(decisions.values(), cells, study.reference)

    total += measure("comparison with the reference group", compared)
    total += measure("conditions", lambda: conditions(comparison))
    total += measure("benchmark", lambda: benchmark(comparison))
    if CUE_CONFLICT in decisions:
        total += measure("shape bias", lambda: shape_bias(decisions[CUE_CONFLICT], study.reference))
    print(f"{total:6.2f} s  all of it, {RESAMPLES} resamples of {len(decisions)} datasets")
    measure("tests of all pairs, which resample nothing", lambda: comparisons(decisions.values(), cells))


def measure(what, work):
    """Work, print and return the CPU seconds that it took, on however many cores."""
    start = time.process_time()
    work()
    seconds = time.process_time() - start
    print(f"{seconds:6.2f} s  {what}")
    return seconds


if __name__ == "__main__":
    main()
