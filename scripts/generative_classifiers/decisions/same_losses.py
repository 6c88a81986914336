"""Different decisions from the same losses: under other weightings, or with some of the draws."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from generative_classifiers.decisions.from_evidence import categories_of, read_evidence
from generative_classifiers.io.errors import InputError
from generative_classifiers.study.categories import CATEGORIES

Losses = dict[str, dict[str, xr.Dataset]]


def read_losses(receipts: Iterable[str | Path], stimuli: str | Path) -> Losses:
    """Evidence that has all losses, by observer and dataset.

    Parameters
    ----------
    receipts : iterable of Path
        `<observer>/<dataset>.json`.
    stimuli : Path
        The folder of the study's stimuli, which may not exist.

    Raises
    ------
    InputError
        As of `read_evidence`, or losses are missing: they were pruned, or drawn for one weighting.
    """
    found: Losses = {}
    for receipt in map(Path, receipts):
        evidence = read_evidence(receipt, Path(stimuli) / f"{receipt.stem}.zarr")
        check_all_losses(evidence, str(receipt))
        found.setdefault(receipt.parent.name, {})[receipt.stem] = evidence
    return found


def check_all_losses(evidence: xr.Dataset, source: str) -> None:
    """Raise InputError unless evidence has the losses of all categories at draws that are spread evenly."""
    expected = "expected all categories at all draws, spread evenly: only these can answer for any weighting"
    if "density" in evidence.coords:
        raise InputError(f"{source}: its draws are spread for one weighting; {expected}")
    if evidence["loss"].isnull().any():
        raise InputError(f"{source}: some of its losses were pruned; {expected}")


def decisions_under(evidence: xr.Dataset, weight: np.ndarray) -> np.ndarray:
    """The decisions of one observer under several weights of its draws.

    Parameters
    ----------
    evidence : xarray.Dataset
        `loss` (image, category, draw), without NaN.
    weight : numpy.ndarray
        (variant, draw): what each draw counts for, not all of them 0. Only ratios matter.

    Returns
    -------
    numpy.ndarray
        int8 (variant, image): index into the 16 categories.

    Examples
    --------
    The second draw alone decides for another category than the first.

    >>> loss = ("image", "category", "draw"), [[[0.1, 0.9], [0.2, 0.3]]]
    >>> decisions_under(xr.Dataset({"loss": loss}, {"category": ["airplane", "bear"]}), np.eye(2))
    array([[0],
           [1]], dtype=int8)
    """
    weight = np.asarray(weight, np.float64)
    score = evidence["loss"].values.astype(np.float64) @ (weight / weight.sum(axis=1, keepdims=True)).T
    names, prompted = categories_of(evidence), evidence["category"].values
    by_category = np.stack([score[:, prompted == name].mean(axis=1) for name in names])
    return pd.Index(CATEGORIES).get_indexer(names)[by_category.argmin(axis=0)].T.astype(np.int8)
