"""What the paper prints of observers that were not measured, beside those that were."""

import xarray as xr

MEASURED, PUBLISHED = "measured", "as published"


def with_published(store, published, variables):
    """Append the paper's observers that a store does not have.

    Parameters
    ----------
    store : xarray.Dataset
        With dimension observer, on it `family` and `is_reference`.
    published : dict of str to dict
        As `registry.Study.published` gives them: a row of the paper whose `observers` were measured, or whose
        name is that of one who was, is left out.
    variables : dict of str to str
        Variables of the store (observer), and what the paper's rows call them. Rows that lack one are left out.

    Returns
    -------
    xarray.Dataset
        With the coordinate `source` (observer), `MEASURED` or `PUBLISHED`. Whatever else the store has is NaN
        where it is as published.
    """
    measured = store["observer"].values.tolist()
    rows = {
        name: row
        for name, row in published.items()
        if set(variables.values()) <= row.keys() and not {name, *row.observers} & set(measured)
    }
    others = xr.Dataset(
        {name: ("observer", [row[key] for row in rows.values()]) for name, key in variables.items()},
        {
            "observer": list(rows),
            "family": ("observer", [row.family for row in rows.values()]),
            "is_reference": ("observer", [False] * len(rows)),
        },
    )
    both = [_from(store, MEASURED), _from(others, PUBLISHED)] if rows else [_from(store, MEASURED)]
    return xr.concat(both, dim="observer", join="exact", coords="different", compat="equals", data_vars="all")


def _from(rows, source):
    return rows.assign_coords(source=("observer", [source] * rows.sizes["observer"]))
