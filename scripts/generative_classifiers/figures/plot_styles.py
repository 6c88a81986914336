"""How each observer looks in figures: its label, colour and marker, and its place among the others."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pandas as pd
import xarray as xr

from generative_classifiers.decisions.published_numbers import MEASURED
from generative_classifiers.io.errors import InputError
from generative_classifiers.study.families import FAMILIES, Family

# The observers of a family with more than this are faint and have one entry in a legend, unless they are highlighted.
# Networks whose decisions others have published are of one family with those that run here.
LARGE_FAMILY = 5
SAME_FAMILY = {"published": "discriminative"}


def plot_styles(store: xr.Dataset, labels: Mapping[str, str], highlights: Collection[str] = ()) -> pd.DataFrame:
    """Look up how plots show the observers of a store.

    Parameters
    ----------
    store : xarray.Dataset
        With dimension observer and, on it, the coordinates `family`, `is_reference` and optionally `source`. Without
        `source`, all observers were measured. If rows stand for the whole reference group, the attribute `reference`
        names the group.
    labels : dict of str to str
        Labels of observers, in their order. Other observers, such as subjects, are labelled by name.
    highlights : collection of str, optional
        Observers that stand out of a family of many.

    Returns
    -------
    pandas.DataFrame
        One row per observer, sorted by group, family and observer, with the columns label, family, family_label, group,
        group_label, colour, marker, source, is_reference, is_whole_group and highlighted. `is_whole_group` marks
        the rows that stand for the whole reference group. The members of the reference group have their family's label
        as `group_label`, because simulated observers are not human.

    Raises
    ------
    InputError
        When an observer's family is unknown.
    """
    names, reference = store["observer"].values.tolist(), store.attrs.get("reference")
    rows = [_plot_style(store.sel(observer=name), labels, reference) for name in names]
    table = pd.DataFrame(rows).set_index("observer").sort_values("order").drop(columns="order")
    return table.assign(highlighted=table.index.isin(list(highlights)))


def _plot_style(observer: xr.Dataset, labels: Mapping[str, str], reference: str | None) -> dict[str, Any]:
    """The row of one observer, and its place in the order."""
    name, is_reference = observer["observer"].item(), observer["is_reference"].item()
    family = _family(observer)
    is_whole_group = name in (reference, f"{reference}-mean")
    if is_whole_group:
        label, place = labels.get(str(reference), family.label), -1
    elif name in labels:
        label, place = labels[name], list(labels).index(name)
    else:
        label, place = name.replace("-", " "), -1
    family_name = observer["family"].item()
    groups = list(dict.fromkeys(one.group for one in FAMILIES.values()))
    return {
        "observer": name,
        "label": label,
        "family": family_name,
        "family_label": family.label,
        "group": family.group,
        "group_label": family.label if is_reference else family.group.capitalize(),
        "colour": family.colour,
        "marker": family.marker,
        "source": observer["source"].item() if "source" in observer.coords else MEASURED,
        "is_reference": is_reference,
        "is_whole_group": is_whole_group,
        "order": (groups.index(family.group), list(FAMILIES).index(family_name), not is_whole_group, place, name),
    }


def _family(observer: xr.Dataset) -> Family:
    name = observer["family"].item()
    if name not in FAMILIES:
        raise InputError(
            f"{observer['observer'].item()}: family {name!r} is unknown, expected one of {', '.join(FAMILIES)}"
        )
    return FAMILIES[name]


def with_values(styles: pd.DataFrame, store: xr.Dataset, name: str) -> pd.DataFrame:
    """Add a variable and the ends of its interval.

    Parameters
    ----------
    styles : pandas.DataFrame
        One row per observer.
    store : xarray.Dataset
        With `<name>` (observer) and `<name>_interval` (observer, bound).
    name : str

    Returns
    -------
    pandas.DataFrame
        With the additional columns `<name>`, `<name>_lower` and `<name>_upper`.
    """
    ends = {f"{name}_{end}": store[f"{name}_interval"].sel(bound=end).to_series() for end in ("lower", "upper")}
    return styles.assign(**{name: store[name].to_series()}, **ends)


def mark_faint(styles: pd.DataFrame) -> pd.DataFrame:
    """Mark the observers that figures show only as members of their family.

    Parameters
    ----------
    styles : pandas.DataFrame
        As `plot_styles` returns it.

    Returns
    -------
    pandas.DataFrame
        The same with the column `faint`: the observer is of a large family and is not highlighted.
    """
    kinds = styles["family"].replace(SAME_FAMILY)
    large = styles.groupby([kinds, "source"])["label"].transform("size") > LARGE_FAMILY
    return styles.assign(faint=large & ~styles["highlighted"])


def faint_families(styles: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Put the faint observers of each family together.

    Parameters
    ----------
    styles : pandas.DataFrame
        As `mark_faint` returns it.

    Returns
    -------
    list of (str, pandas.DataFrame)
        What legends call the faint observers of a family, and their rows.
    """
    families = []
    for kind, members in styles[styles["faint"]].groupby(styles["family"].replace(SAME_FAMILY), sort=False):
        shown = styles[~styles["faint"]]
        what = "others" if kind in set(shown["family"].replace(SAME_FAMILY)) else "observers"
        families.append((f"{members['family_label'].iloc[0]}, {len(members)} {what}", members))
    return families


def runs(values: Iterable[Any]) -> list[tuple[Any, int, int]]:
    """Find the runs of equal values along an axis of unit steps.

    Parameters
    ----------
    values : iterable

    Returns
    -------
    list of (value, start, stop)

    Examples
    --------
    >>> runs("aabccc")
    [('a', 0, 2), ('b', 2, 3), ('c', 3, 6)]
    """
    found: list[tuple[Any, int, int]] = []
    for i, value in enumerate(values):
        if found and found[-1][0] == value:
            found[-1] = (value, found[-1][1], i + 1)
        else:
            found.append((value, i, i + 1))
    return found
