"""Why pruning spared evaluations: after which look each category was dropped, and by which numbers.

The losses in a store say after how many draws each category was dropped. The store also names the pruning test, which
gives its numbers again. So nothing has to be stored twice.
"""

import numpy as np
import pandas as pd
import xarray as xr

from generative_classifiers.evidence.layout import stored_draws
from generative_classifiers.evidence.pruning import pruning_from
from generative_classifiers.io.attributes import decode_attributes
from generative_classifiers.io.errors import InputError


def drops(evidence: xr.Dataset) -> xr.Dataset:
    """When each category was dropped, and why.

    Parameters
    ----------
    evidence : xarray.Dataset
        As `open_evidence` gives it, of a run that pruned.

    Returns
    -------
    xarray.Dataset
        Over image and category, with the `name` of each image: `draws` int64, how many were evaluated; `dropped_after`
        int64, the draws after which the category was dropped, 0 if it never was (it then has all draws, or is the only
        one that was left); `p_value` and `bound` float64, which decided then: a category is dropped if its p value is
        below the bound; NaN if it was not dropped. The attributes are those of the test.

    Raises
    ------
    InputError
        The evidence was not pruned.
    """
    about = decode_attributes(evidence.attrs).get("pruning")
    if about is None:
        title = f"{evidence.attrs.get('observer')} on {evidence.attrs.get('dataset')}"
        raise InputError(f"{title}: every category has all draws; expected evidence that was pruned")
    rule, loss = pruning_from(about), evidence["loss"].values
    spent, draws = np.isfinite(loss).sum(axis=2), stored_draws(evidence)
    after, p_value, bound = np.zeros_like(spent), np.full(spent.shape, np.nan), np.full(spent.shape, np.nan)
    for look in rule.looks(len(draws))[:-1]:
        numbers = rule.p_values(loss[:, :, :look], spent >= look, draws, len(draws))
        dropped = _dropped(spent, look, numbers[0])
        after[dropped] = look
        p_value[dropped], bound[dropped] = (values[dropped] for values in numbers)
    found = {"draws": spent, "dropped_after": after, "p_value": p_value, "bound": bound}
    return xr.Dataset(
        {name: (("image", "category"), values) for name, values in found.items()},
        {name: evidence[name] for name in ("name", "category", "prompt") if name in evidence.coords},
        {name: value for name, value in about.items() if name != "table"},
    )


def _dropped(spent, look, p_values):
    """The categories that were dropped at a look: those that stopped there, but not the only one that was left."""
    stopped, best = spent == look, np.where(spent >= look, p_values, -1).argmax(axis=1)
    decided = ~(spent > look).any(axis=1)
    is_best = np.arange(spent.shape[1]) == best[:, None]
    return stopped & ~(decided[:, None] & is_best)


def by_look(found: xr.Dataset) -> pd.DataFrame:
    """What each look dropped.

    Parameters
    ----------
    found : xarray.Dataset
        As `drops` gives it.

    Returns
    -------
    pandas.DataFrame
        A row for each look that dropped anything: `after_draws`; `dropped`, categories of all images; `decided`, images
        of which only one category was left; `largest_p_value` and `smallest_bound` of those dropped.
    """
    after, draws = found["dropped_after"].values, found["draws"].values
    rows = []
    for look in np.unique(after[after > 0]):
        dropped = after == look
        rows.append(
            {
                "after_draws": look,
                "dropped": dropped.sum(),
                "decided": ((after == 0) & (draws == look)).any(axis=1).sum(),
                "largest_p_value": found["p_value"].values[dropped].max(),
                "smallest_bound": found["bound"].values[dropped].min(),
            }
        )
    return pd.DataFrame(rows)
