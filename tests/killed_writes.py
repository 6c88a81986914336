"""Replace a store again and again while being killed at random moments; run by test_stores_killed.

Usage: killed_writes.py <store> <kills> <seed>. After each kill, the store in the place must be the old one or the new
one, complete. Prints how often it was the new one.
"""

import os
import random
import signal
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import xarray as xr

from generative_classifiers.io import stores

# From Python 3.12 on, fork warns where zarr has started threads. The child does not use them.
warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)


def numbers(generation):
    """A dataset that holds one number everywhere."""
    arrays = {f"array_{i}": (("y", "x"), np.full((20, 20), generation)) for i in range(4)}
    return xr.Dataset(arrays, attrs={"generation": generation})


def write_and_be_killed(store, generation, seconds):
    """Write a store in another process, which is killed after a while."""
    child = os.fork()
    if child == 0:
        stores.write(numbers(generation), store)
        os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def main(store, kills, seed):
    """Kill writers, and look at what they have left."""
    store, chance, replaced = Path(store), random.Random(int(seed)), 0
    stores.write(numbers(0), store)
    started = time.monotonic()
    stores.write(numbers(0), store)
    longest, old = 2 * (time.monotonic() - started), 0
    for generation in range(1, int(kills) + 1):
        write_and_be_killed(store, generation, chance.uniform(0, longest))
        found = stores.read(store)
        assert found.attrs["generation"] in (old, generation)
        old = found.attrs["generation"]
        assert all((values == old).all() for values in found.values())
        replaced += old == generation
        longest *= 0.9 if old == generation else 1.1  # so that on any machine some writes end, and some do not
    stores.write(numbers(-1), store)
    print(replaced)


if __name__ == "__main__":
    main(*sys.argv[1:])
