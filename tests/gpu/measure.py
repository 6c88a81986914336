"""What a card gives: losses as on the CPU, evaluations per second, memory, and where the time goes; as one JSON file.

Usage: python tests/gpu/measure.py --out measured.json [--device cuda] [--minutes 8] [--small]
The file is written anew after every part, and a part that fails is reported in it, so that nothing else is lost.
With --small, small models take the place of the real shapes. docs/gpu.md explains the file.
"""
# ruff: noqa: E402, since the library may not be installed

import argparse
import gc
import json
import sys
import time
import traceback
from functools import partial
from pathlib import Path

import torch

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("scripts", "tests", "tests/benchmarks", "tests/gpu")]

import card
import checks
import speeds
import stages

FIRST = "stable-diffusion-1-4"
MATRIX = {False: 8192, True: 256}  # side of the matrices that are multiplied, by whether all is small


class Budget:
    """Seconds that something may take."""

    def __init__(self, seconds):
        self.end = time.monotonic() + seconds

    def left(self):
        """Seconds until they are spent."""
        return self.end - time.monotonic()


def parts(bench):
    """By name, in the order of their worth: the seconds of each part, and its work, a function of its budget."""
    found = {
        "matrix_product": (10, lambda _: {"tflops": card.matrix_product(bench.device, MATRIX[bench.small]) / 1e12}),
        "losses": (75, partial(checks.losses, bench)),
        f"speed, {FIRST}": (45, partial(speeds.speeds, bench, FIRST)),
        "memory": (30, lambda _: checks.memory(bench, FIRST)),
        "stages": (40, lambda _: stages.stages(bench, FIRST)),
    }
    for name in speeds.SIZES:
        found.setdefault(f"speed, {name}", (30, partial(speeds.speeds, bench, name)))
    if not bench.small:
        compiled = partial(speeds.speeds, bench, FIRST, compile=True, sizes=(64,))
        found[f"speed, {FIRST}, compiled"] = (120, compiled)
    return found


def measured(seconds, work, whole):
    """A part's result with its seconds, or why there is none."""
    if whole.left() < 5:
        return {"seconds": 0.0, "skipped": "no time was left"}
    start = time.monotonic()
    try:
        found = {"result": work(Budget(min(seconds, whole.left())))}
    except Exception as error:  # whatever is wrong with one part, the others are measured
        where = traceback.format_exc(limit=-3)
        found = {"error": f"{type(error).__name__}: {error}", "traceback": where}
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return {"seconds": time.monotonic() - start} | found


def main(arguments=None):
    """Measure all parts."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--device", default="cuda")
    options.add_argument("--minutes", type=float, default=8)
    options.add_argument("--small", action="store_true")
    options.add_argument("--only", nargs="+", metavar="PART", help="only the parts whose names begin so")
    given = options.parse_args(arguments)
    bench, whole = speeds.Bench(torch.device(given.device), given.small), Budget(60 * given.minutes)
    command = ["python", "tests/gpu/measure.py", *(arguments if arguments is not None else sys.argv[1:])]
    report = {"command": " ".join(map(str, command)), "machine": card.describe(bench.device), "parts": {}}
    for name, (seconds, work) in parts(bench).items():
        if given.only and not name.startswith(tuple(given.only)):
            continue
        found = report["parts"][name] = measured(seconds, work, whole)
        given.out.write_text(json.dumps(report, indent=1) + "\n")
        print(f"{found['seconds']:6.1f} s  {name}  {found.get('error') or found.get('skipped') or ''}", flush=True)


if __name__ == "__main__":
    main()
