"""The cell of a dataset that has a single condition."""

import xarray as xr

from generative_classifiers.io.errors import InputError


def only_cell(store: xr.Dataset, dataset: str) -> xr.Dataset:
    """Select the only cell of a dataset.

    Parameters
    ----------
    store : xarray.Dataset
        With dimension cell and, on it, the coordinate `dataset`.
    dataset : str

    Returns
    -------
    xarray.Dataset
        Without dimension cell.

    Raises
    ------
    InputError
        When the dataset does not have exactly one condition.
    """
    is_wanted = store["dataset"].values == dataset
    if is_wanted.sum() != 1:
        raise InputError(f"{dataset}: {is_wanted.sum()} conditions in the store, expected one")
    return store.isel(cell=int(is_wanted.argmax()))
