"""The leaderboard as a page of its own, which needs no network: a table that sorts, searches and filters."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from generative_classifiers.study.families import FAMILIES
from generative_classifiers.study.measures import ARROWS, MEASURES

TEMPLATE = "leaderboard.html.jinja"
# What a licence of None means.
NO_LICENCE = "none stated"


class Column(NamedTuple):
    """A column of numbers: its heading, the digits that it shows, and whether it has intervals."""

    heading: str
    digits: int
    interval: bool = False


NUMBERS = {
    "mean_rank": Column("Rank, human-likeness" + ARROWS["lower"], 1),
    "accuracy_rank": Column("Rank, OOD accuracy" + ARROWS["lower"], 1),
    "shape_bias": Column("Shape bias", 3, interval=True),
    **{name: Column(measure.label + ARROWS[measure.better], 3, interval=True) for name, measure in MEASURES.items()},
    "datasets": Column("Datasets", 0),
}


def page(table: pd.DataFrame, study: str) -> str:
    """The page as HTML.

    Parameters
    ----------
    table : pandas.DataFrame
        As `metrics.leaderboard.leaderboard` returns it.
    study : str
        The study's name.

    Returns
    -------
    str
    """
    environment = Environment(
        loader=PackageLoader("generative_classifiers", "figures"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    rows = [_row(row) for row in table.to_dict("records")]
    families = [FAMILIES[name].label for name in FAMILIES if name in set(table["family"])]
    filters = {"Family": families, "Source": table["source"].unique(), "Origin": sorted(table["origin"].unique())}
    return environment.get_template(TEMPLATE).render(study=study, rows=rows, numbers=NUMBERS, filters=filters)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """What the page shows of an observer."""
    family = FAMILIES[row["family"]]
    texts = {name: row[name] for name in ("observer", "label", "source", "origin")}
    reference, licence = (None if pd.isna(row[name]) else row[name] for name in ("reference", "licence"))
    return texts | {
        "family": family.label,
        "colour": family.colour,
        "reference": reference,
        "licence": licence or NO_LICENCE,
        "numbers": list(_numbers(row)),
    }


def _numbers(row: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """For each column of numbers: the value to sort by, the value as text, and the interval as text; "" for none."""
    for name, column in NUMBERS.items():
        value = row[name]
        if pd.isna(value):
            yield "", "", ""
            continue
        bounds = [row[f"{name}_{end}"] for end in ("lower", "upper")] if column.interval else []
        text = "\N{EN DASH}".join(_text(bound, column.digits) for bound in bounds if not pd.isna(bound))
        yield repr(float(value)), _text(value, column.digits), text


def _text(value: float, digits: int) -> str:
    return f"{value:z.{digits}f}".replace("-", "\N{MINUS SIGN}")
