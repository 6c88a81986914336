"""Who is drawn: the observers of a store in drawing order, each with label, colour and marker."""

import numpy as np
import pandas as pd
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Patch

from generative_classifiers.decisions.published_numbers import MEASURED
from generative_classifiers.io.errors import InputError

# A family of more observers than this is one colour and one entry of a legend.
MANY = 5
# What was not measured is hollow: this share of white in its filling, and in a legend this colour and name.
FILLING = 0.75
HOLLOW = "#333333"
NOT_MEASURED = "as published, not measured"


def plot_styles(store, labels, families):
    """Look up how the observers of a store are drawn.

    Parameters
    ----------
    store : xarray.Dataset
        With dimension observer, on it `family`, `is_reference` and maybe `source`: without it, all observers
        were measured. If it has rows for the whole reference group, its attribute `reference` is the group's name.
    labels : dict of str to str
        What observers are called, in drawing order. Others, such as subjects, are called by their names.
    families : dict of str to dict
        By family name, in drawing order: `label`, `group`, `colour` and `marker`.

    Returns
    -------
    pandas.DataFrame
        Indexed by observer, in drawing order (group, family, observer): label, family, family_label, group,
        colour, marker, source, is_reference, pooled. `pooled` are the rows that stand for the whole reference
        group; the group of its members is called as their family, for simulated observers are not human.

    Raises
    ------
    InputError
        When an observer's family is not among the families.
    """
    reference = store.attrs.get("reference")
    listed = list(labels)
    groups = list(dict.fromkeys(family["group"] for family in families.values()))
    rows = []
    for name in store["observer"].values.tolist():
        one = store.sel(observer=name)
        family, is_reference = one["family"].item(), one["is_reference"].item()
        if family not in families:
            raise InputError(f"{name}: its family {family} is none of {', '.join(families)}")
        look = families[family]
        pooled = name in (reference, f"{reference}-mean")
        place = listed.index(name) if name in labels and not pooled else -1
        rows.append(
            {
                "observer": name,
                "label": look["label"] if pooled else labels.get(name, name.replace("-", " ")),
                "family": family,
                "family_label": look["label"],
                "group": look["label"] if is_reference else look["group"].capitalize(),
                "colour": look["colour"],
                "marker": look["marker"],
                "source": one["source"].item() if "source" in one.coords else MEASURED,
                "is_reference": is_reference,
                "pooled": pooled,
                "order": (groups.index(look["group"]), list(families).index(family), not pooled, place, name),
            }
        )
    return pd.DataFrame(rows).set_index("observer").sort_values("order").drop(columns="order")


def with_values(rows, store, name):
    """Add a variable and the ends of its interval.

    Parameters
    ----------
    rows : pandas.DataFrame
        Indexed by observer.
    store : xarray.Dataset
        With `<name>` (observer) and `<name>_interval` (observer, bound).
    name : str

    Returns
    -------
    pandas.DataFrame
        With the columns `<name>`, `<name>_lower`, `<name>_upper`.
    """
    ends = {f"{name}_{end}": store[f"{name}_interval"].sel(bound=end).to_series() for end in ("lower", "upper")}
    return rows.assign(**{name: store[name].to_series()}, **ends)


def shaded(rows):
    """Tell the few observers of a family apart by shade, from the family's own colour to a lighter one.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `plot_styles` returns it.

    Returns
    -------
    pandas.DataFrame
        The same with other colours, where a family has several observers and at most `MANY`.
    """
    rows = rows.copy()
    for _, members in rows.groupby("family", sort=False):
        if 1 < len(members) <= MANY:
            shades = np.linspace(0, 0.7, len(members), endpoint=False)
            rows.loc[members.index, "colour"] = [tint(members["colour"].iloc[0], shade) for shade in shades]
    return rows


def tint(colour, white):
    """A lighter colour.

    Parameters
    ----------
    colour : str
    white : float
        The share of white in it.

    Returns
    -------
    str
    """
    return to_hex((1 - white) * np.array(to_rgb(colour)) + white)


def family_entries(rows):
    """One entry of a legend per family, in its colour.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `plot_styles` returns it.

    Returns
    -------
    list of matplotlib.patches.Patch
    """
    first = rows.drop_duplicates("family")
    return [Patch(color=row.colour, label=row.family_label) for row in first.itertuples()]


def spans(values):
    """Where runs of equal values lie along an axis of unit steps.

    Parameters
    ----------
    values : iterable

    Returns
    -------
    list of (value, start, stop)
    """
    runs = []
    for i, value in enumerate(values):
        if runs and runs[-1][0] == value:
            runs[-1] = (value, runs[-1][1], i + 1)
        else:
            runs.append((value, i, i + 1))
    return runs
