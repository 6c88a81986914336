"""A group of subjects as one observer."""

import xarray as xr


def as_observer(summary, name, subjects):
    """Give a group's summary the coordinates of an observer.

    Parameters
    ----------
    summary : xarray.Dataset
        Without dimension observer.
    name : str
        The group's name.
    subjects : xarray.Dataset
        The group's members, who give it their family. A group without members has its name as family.

    Returns
    -------
    xarray.Dataset
        With a dimension observer of length 1.
    """
    family = str(subjects["family"].values[0]) if subjects.sizes["observer"] else name
    return summary.assign_coords(observer=name, family=family, is_reference=True).expand_dims("observer")


def concatenate(parts):
    """Join datasets of different observers along the dimension observer.

    Parameters
    ----------
    parts : list of xarray.Dataset

    Returns
    -------
    xarray.Dataset
    """
    return xr.concat(parts, dim="observer", join="exact", coords="different", compat="equals")
