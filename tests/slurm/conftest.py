"""The cluster that the tests of this folder share."""

import pytest
from two_nodes import Unavailable, two_nodes_cluster


@pytest.fixture(scope="session")
def cluster():
    """A Slurm cluster of two nodes with two stand-in GPUs each."""
    try:
        with two_nodes_cluster() as running:
            yield running
    except Unavailable as reason:
        pytest.skip(str(reason))
