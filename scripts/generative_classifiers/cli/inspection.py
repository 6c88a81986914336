"""What is in a store, in words: of evidence also while its job runs, and image by image."""

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from generative_classifiers.decisions.from_evidence import tabulate, weighting_of
from generative_classifiers.evidence.store import attributes, beside, progress
from generative_classifiers.io.attributes import decode_attributes
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.stores import PIXELS, ROOT_METADATA, kind, open_evidence, open_store, read

WIDTH = 100  # characters of an attribute
# Writes paragraphs about a store.
Summary = Callable[[xr.Dataset], Iterator[str]]


def describe(store: str | Path, weighting: str | None = None) -> str:
    """All that can be said of a store.

    Parameters
    ----------
    store : Path
        Of whatever stage. Where only `<store>.partial` is there, what its job has done so far.
    weighting : str, optional
        Of the draws in decisions, as in `draws.level_weighting`; by default what pruning went by, or "exponential".

    Returns
    -------
    str

    Raises
    ------
    InputError
        There is no such store.
    """
    store = Path(store)
    unfinished = next((place for place in (store, beside(store, ".partial")) if _unfinished(place)), None)
    if not (store / ROOT_METADATA).is_file() and unfinished is None:
        raise InputError(f"{store}: neither a store nor one in the making; expected <name>.zarr or <name>.zarr.partial")
    parts = [*_complete(store, weighting)] if (store / ROOT_METADATA).is_file() else []
    parts += _running(unfinished) if unfinished else []
    return "\n\n".join(parts)


def _unfinished(place: Path) -> bool:
    return bool(attributes(place)) and not (place / ROOT_METADATA).is_file()


def _running(unfinished: Path) -> Iterator[str]:
    """What a job has done so far."""
    so_far, made_by = progress(unfinished), attributes(unfinished)
    yield f"{unfinished}: evidence in the making"
    yield provenance(made_by)
    last = f", the last at {so_far.changed:%Y-%m-%d %H:%M:%S}" if so_far.changed else ""
    yield (
        f"{so_far.done:,} of {so_far.shards:,} shards, {len(so_far.spent):,} of {so_far.images:,} images "
        f"are complete{last}"
    )
    if len(so_far.spent):
        yield _effort(so_far.spent, so_far.exhaustive)


def _complete(store: Path, weighting: str | None) -> Iterator[str]:
    dataset = open_store(store)
    yield f"{store}: {kind(dataset)}"
    yield contents(dataset)
    yield provenance(decode_attributes(dataset.attrs))
    summaries: dict[str, Summary] = {
        "evidence": partial(_evidence, weighting=weighting),
        "decisions": _decisions,
        "stimuli": _stimuli,
    }
    yield from summaries.get(kind(dataset), _numbers)(read(store, drop=PIXELS))


def contents(dataset: xr.Dataset) -> str:
    """Lengths of dims; dims and types of variables."""
    lengths = ", ".join(f"{name} {length:,}" for name, length in dataset.sizes.items())
    rows = [
        (str(name), f"({', '.join(map(str, one.dims))})", "text" if one.dtype.kind in "OTU" else one.dtype.name)
        for name, one in {**dataset.data_vars, **dataset.coords}.items()
    ]
    return f"{lengths}\n\n{_columns(rows)}"


def provenance(made_by: Mapping[str, Any]) -> str:
    """Attributes, a line each; what is long is shortened."""
    rows = {name: textwrap.shorten(_said(value), WIDTH, placeholder=" …") for name, value in made_by.items()}
    return _columns(rows.items())


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_said(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_said, value))
    return "none" if value is None else str(value)


def _columns(rows: Iterable[tuple[str, ...]]) -> str:
    """Rows of texts, all but the last of a row as wide as the widest below each other."""
    rows = [*rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    return "\n".join("  ".join([*map(str.ljust, row, widths), row[-1]]) for row in rows)


def decisions_of(store: str | Path, weighting: str | None = None) -> pd.DataFrame:
    """`decisions.tabulate` of an evidence store, weighted as `weighting_of` says."""
    return tabulate(read_evidence(store), weighting)


def read_evidence(store: str | Path) -> xr.Dataset:
    """Read a store of evidence, without the reconstructions."""
    return open_evidence(store).drop_vars(PIXELS, errors="ignore").load()


def _evidence(evidence: xr.Dataset, weighting: str | None) -> Iterator[str]:
    weighting = weighting_of(evidence, weighting)
    table = tabulate(evidence, weighting)
    yield table.to_string(index=False, float_format="{:.4g}".format)
    yield _effort(table["evaluations"], evidence["loss"][0].size)
    known = table[table["true_category"] != ""]
    right = f"; {(known['decision'] == known['true_category']).mean():.1%} the true category" if len(known) else ""
    levels = f", draws weighted {weighting}" if evidence["time"].notnull().any() else ""
    yield f"{len(table):,} decisions{levels}{right}"


def _effort(spent: np.ndarray | pd.Series, exhaustive: int) -> str:
    share = np.mean(spent) / exhaustive
    return f"evaluations of an image: {np.mean(spent):,.1f} on average, {share:.1%} of the exhaustive {exhaustive:,}"


def _stimuli(stimuli: xr.Dataset) -> Iterator[str]:
    names = [name for name in ("condition", "category", "texture_category") if name in stimuli]
    for name in names:
        counts = pd.Series(stimuli[name].values).value_counts(sort=False)
        yield f"images per {name}: " + ", ".join(f"{value or 'unknown'} {count}" for value, count in counts.items())


def _decisions(decisions: xr.Dataset) -> Iterator[str]:
    answers = np.array([*decisions["category"].values, "na"])[decisions["response"].values]
    table = pd.DataFrame(
        {
            "observer": decisions["observer"].values,
            "family": decisions["family"].values,
            "answers": (decisions["response"].values >= 0).sum(axis=1),
            "right": (answers == decisions["true_category"].values).mean(axis=1),
        }
    )
    yield table.to_string(index=False, formatters={"right": "{:.1%}".format})


def _numbers(dataset: xr.Dataset) -> Iterator[str]:
    """Ranges of whatever numbers there are."""
    numbers = {name: one.values for name, one in dataset.data_vars.items() if one.dtype.kind in "iuf"}
    rows = {name: pd.Series(values.ravel()).describe()[["min", "mean", "max"]] for name, values in numbers.items()}
    table = pd.DataFrame(rows).T.assign(undefined=[np.isnan(values).sum() for values in numbers.values()])
    yield table.to_string(float_format="{:.4g}".format)
