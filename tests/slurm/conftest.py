"""The cluster that the tests of this folder share."""

import pytest
from one_node import Unavailable, one_node_cluster


@pytest.fixture(scope="session")
def cluster():
    """The environment in which snakemake finds a one-node Slurm cluster with two stand-in GPUs."""
    try:
        with one_node_cluster() as environment:
            yield environment
    except Unavailable as reason:
        pytest.skip(str(reason))
