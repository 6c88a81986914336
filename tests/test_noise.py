"""Noise depends on names and seeds only."""

import hashlib

import numpy as np

from generative_classifiers.draws.noise import gaussian
from generative_classifiers.io.random_numbers import generator


def test_key_is_the_sha256_of_the_parts():
    digest = hashlib.sha256(b"cat1-dog2.png/3/42").digest()
    philox = np.random.Philox(key=int.from_bytes(digest[:16], "little"))
    expected = np.random.Generator(philox).standard_normal((4, 8, 8), dtype=np.float32)
    found = gaussian("cat1-dog2.png", 3, 42, (4, 8, 8))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)


def test_values_are_those_recorded():
    recorded = [1.038376, -1.000091, 0.2392419]
    np.testing.assert_allclose(gaussian("image.png", 0, 0, (3,)), recorded, rtol=1e-6)


def test_values_do_not_depend_on_the_order_of_calls():
    first = gaussian("a", 0, 0, (5,))
    gaussian("b", 1, 0, (1000,))
    np.testing.assert_array_equal(first, gaussian("a", 0, 0, (5,)))


def test_values_depend_on_every_part_of_the_key():
    keys = [("a", 0, 0), ("b", 0, 0), ("a", 1, 0), ("a", 0, 1), ("a/0", 0, 0)]
    samples = {gaussian(*key, (4,)).tobytes() for key in keys}
    assert len(samples) == len(keys)


def test_noise_is_standard_normal():
    sample = gaussian("a", 0, 0, (100_000,)).astype(np.float64)
    assert abs(sample.mean()) < 0.02
    assert abs(sample.std() - 1) < 0.02
    other = gaussian("a", 1, 0, (100_000,)).astype(np.float64)
    assert abs(np.corrcoef(sample, other)[0, 1]) < 0.02


def test_names_may_have_any_characters():
    assert generator("ä/ß.png").random() != generator("a/s.png").random()
