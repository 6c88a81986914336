"""Numbers that the paper prints of observers that were not measured, next to those that were."""

import xarray as xr

MEASURED, PUBLISHED = "measured", "as published"


def with_published(store, published, variables):
    """Append the paper's observers that a store does not have.

    Parameters
    ----------
    store : xarray.Dataset
        With dimension observer and, on it, the coordinates `family` and `is_reference`.
    published : dict of str to dict
        The paper's observers. Each has `family`, its published values, and `observers`, the names of the study's
        observers that are the same. It is left out if one of these, or an observer of its own name, is in the store.
    variables : dict of str to str
        For each variable of the store (observer), its name among the published values. Published observers that lack
        one are left out.

    Returns
    -------
    xarray.Dataset
        With the coordinate `source` (observer), `MEASURED` or `PUBLISHED`. Variables that are not published are NaN in
        the appended rows.
    """
    measured = set(store["observer"].values.tolist())
    rows = {
        name: row
        for name, row in published.items()
        if row.keys() >= set(variables.values()) and measured.isdisjoint([name, *row["observers"]])
    }
    parts = [_with_source(store, MEASURED)]
    if rows:
        parts.append(_with_source(_as_store(rows, variables), PUBLISHED))
    return xr.concat(parts, dim="observer", join="exact", coords="different", compat="equals", data_vars="all")


def _as_store(rows, variables):
    """Published rows as a dataset with dimension observer."""
    coords = {
        "observer": list(rows),
        "family": ("observer", [row["family"] for row in rows.values()]),
        "is_reference": ("observer", [False] * len(rows)),
    }
    return xr.Dataset(
        {name: ("observer", [row[key] for row in rows.values()]) for name, key in variables.items()}, coords
    )


def _with_source(store, source):
    return store.assign_coords(source=("observer", [source] * store.sizes["observer"]))
