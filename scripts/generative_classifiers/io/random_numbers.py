"""Random numbers that depend only on names, not on the machine or on the order of the calls."""

import hashlib

import numpy as np


def generator(*key: str | int) -> np.random.Generator:
    """A random generator that belongs to a key.

    Parameters
    ----------
    *key : str or int
        What the numbers are for, such as a purpose, a seed and the name of an image.

    Returns
    -------
    numpy.random.Generator
        A Philox generator. Its key is the first 16 bytes of the SHA-256 of the parts, joined by slashes.

    Examples
    --------
    >>> print(generator("spread", "cat.png", 0).integers(100))
    83
    >>> print(generator("spread", "cat.png", 1).integers(100))
    43
    """
    digest = hashlib.sha256("/".join(map(str, key)).encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))
