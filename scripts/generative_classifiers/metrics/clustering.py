"""The order in which similar observers stand next to each other."""

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform


def order_by_similarity(similarity):
    """Order observers by hierarchical clustering with average linkage. Computed by scipy.

    Parameters
    ----------
    similarity : numpy.ndarray, shape (observer, observer)
        Symmetric and at most 1, for example error consistency. NaN, where it is undefined, counts as 0.

    Returns
    -------
    numpy.ndarray of int, shape (observer,)
        Positions of the observers.

    Examples
    --------
    >>> order_by_similarity(np.array([[1, 0.1, 0.9], [0.1, 1, 0.2], [0.9, 0.2, 1]]))
    array([1, 2, 0], dtype=int32)
    """
    if len(similarity) < 3:
        return np.arange(len(similarity))
    distance = 1 - np.nan_to_num(similarity)
    np.fill_diagonal(distance, 0)
    return leaves_list(linkage(squareform(distance, checks=False), "average", optimal_ordering=True))
