"""Similar observers stand next to each other."""

import numpy as np
import pytest

from generative_classifiers.metrics.clustering import order_by_similarity


@pytest.mark.parametrize("blocks", [2, 3])
def test_blocks_of_similar_observers_are_found_whatever_their_order(blocks):
    block = np.repeat(np.arange(blocks), 4)
    shuffled = np.random.default_rng(0).permutation(len(block))
    similarity = np.where(block[shuffled][:, None] == block[shuffled], 0.8, 0.1)
    similarity[0, 1] = similarity[1, 0] = np.nan if block[shuffled][0] != block[shuffled][1] else 0.8
    ordered = block[shuffled][order_by_similarity(similarity)]
    assert np.count_nonzero(np.diff(ordered)) == blocks - 1


@pytest.mark.parametrize("observers", [0, 1, 2])
def test_few_observers_keep_their_order(observers):
    assert order_by_similarity(np.ones((observers, observers))).tolist() == list(range(observers))


def test_similarity_is_not_changed():
    similarity = np.full((3, 3), np.nan)
    order_by_similarity(similarity)
    assert np.isnan(similarity).all()
