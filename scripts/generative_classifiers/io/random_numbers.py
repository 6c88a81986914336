"""Random numbers from names: the same wherever, whenever and in whatever order they are asked for."""

import hashlib

import numpy as np


def generator(*key: str | int) -> np.random.Generator:
    """Random generator of its own for a key.

    Parameters
    ----------
    *key : str or int
        What the numbers are for: a name, a seed, a purpose.

    Returns
    -------
    numpy.random.Generator
        Philox, keyed by the first 16 bytes of the SHA-256 of the key's parts joined by slashes.
    """
    digest = hashlib.sha256("/".join(map(str, key)).encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))
