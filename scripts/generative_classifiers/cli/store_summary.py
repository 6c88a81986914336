"""A summary of a store in words: what it contains, how it was made, and for evidence how far it has come."""

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
import zarr

from generative_classifiers.decisions.answers import as_text
from generative_classifiers.decisions.from_evidence import decision_table, effective_number, weighting_of
from generative_classifiers.draws.weighting import AnyWeighting, identity_of
from generative_classifiers.evidence.drops import by_look, drops
from generative_classifiers.evidence.entry import Entry
from generative_classifiers.evidence.progress import progress
from generative_classifiers.io.attributes import decode_attributes
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.manifest import STATIC, faults, part_path
from generative_classifiers.io.repair import repair
from generative_classifiers.io.stores import PIXELS, ROOT_METADATA, kind, open_evidence, open_store, read

WIDTH = 100  # characters of an attribute


def summarise(store: str | Path, weighting: str | None = None) -> str:
    """Summarise a store.

    Parameters
    ----------
    store : Path
        A store of any stage. Of unfinished evidence, its progress is described.
    weighting : str, optional
        Weighting of the draws of evidence, as in `draws.weighting.level_weighting`; by default that of the pruning, or
        "exponential".

    Returns
    -------
    str

    Raises
    ------
    InputError
        There is no such store.
    """
    store = Path(store)
    if _is_unfinished(store):
        return "\n\n".join(_unfinished_store(store))
    if not (store / ROOT_METADATA).is_file():
        raise InputError(f"{store}: neither a complete store nor an unfinished one; expected <name>.zarr")
    return "\n\n".join(_complete_store(store, weighting))


def decisions_of(store: str | Path, weighting: str | None = None) -> pd.DataFrame:
    """The decision for each image of a store of evidence.

    Parameters
    ----------
    store : Path
    weighting : str, optional
        As for `summarise`.

    Returns
    -------
    pandas.DataFrame
        As `decisions.from_evidence.decision_table`.
    """
    return decision_table(read_evidence(store), weighting)


def drops_of(store: str | Path) -> pd.DataFrame:
    """When each category of each image was dropped, and why, in a store of evidence that was pruned.

    Parameters
    ----------
    store : Path

    Returns
    -------
    pandas.DataFrame
        A row per image and category, with the variables of `evidence.drops.drops`.
    """
    found = drops(read_evidence(store))
    table = found.to_dataframe().reset_index().rename(columns={"name": "image", "image": "number"})
    return table[["image", "category", "prompt", *found.data_vars]]


def read_evidence(store: str | Path) -> xr.Dataset:
    """Read a store of evidence without its reconstructions."""
    return open_evidence(store).drop_vars(PIXELS, errors="ignore").load()


def _is_unfinished(store: Path) -> bool:
    """Whether it is evidence of which shards are missing."""
    try:
        entry = Entry(store)
    except InputError:
        return False
    return not all(part_path(store, name).is_file() for name in entry.parts)


def _unfinished_store(store: Path) -> Iterator[str]:
    for fault in faults(store, STATIC):
        raise InputError(f"{store}: {fault}; {repair(store)}")
    state = progress(store)
    yield f"{store}: unfinished evidence"
    yield _attributes(decode_attributes(zarr.open_group(store, mode="r").attrs))
    last = f", the last at {state.changed:%Y-%m-%d %H:%M:%S}" if state.changed else ""
    yield (
        f"{state.complete:,} of {state.shards:,} shards, {len(state.evaluations):,} of {state.images:,} images "
        f"are complete{last}"
    )
    if len(state.evaluations):
        yield _mean_evaluations(state.evaluations, state.exhaustive)


def _complete_store(store: Path, weighting: str | None) -> Iterator[str]:
    dataset = open_store(store)
    stage = kind(dataset)
    if weighting and stage != "evidence":
        raise InputError(f"{store}: holds {stage}; --weighting is for evidence")
    yield f"{store}: {stage}"
    yield ", ".join(f"{name} {length:,}" for name, length in dataset.sizes.items())
    yield _variables(dataset)
    yield _attributes(decode_attributes(dataset.attrs))
    summaries: dict[str, Callable[[xr.Dataset], Iterator[str]]] = {
        "evidence": partial(_evidence, weighting=weighting),
        "decisions": _decisions,
        "stimuli": _stimuli,
    }
    yield from summaries.get(stage, _numbers)(read(store, drop=PIXELS))


def _variables(dataset: xr.Dataset) -> str:
    """Dimensions and types of all variables."""
    rows = []
    for name, variable in {**dataset.data_vars, **dataset.coords}.items():
        dims = ", ".join(map(str, variable.dims))
        rows.append((str(name), f"({dims})", "text" if variable.dtype.kind in "OTU" else variable.dtype.name))
    return _in_columns(rows)


def _attributes(made_by: Mapping[str, Any]) -> str:
    """Attributes, a line each. Long values are shortened."""
    rows = [(name, textwrap.shorten(_as_words(value), WIDTH, placeholder=" …")) for name, value in made_by.items()]
    return _in_columns(rows)


def _as_words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_as_words(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_as_words, value))
    return "none" if value is None else str(value)


def _in_columns(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows of texts in columns of the same width; the last column is as wide as it needs to be."""
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns[:-1]]
    lines = []
    for *texts, last in rows:
        padded = [text.ljust(width) for text, width in zip(texts, widths, strict=True)]
        lines.append("  ".join([*padded, last]))
    return "\n".join(lines)


def _evidence(evidence: xr.Dataset, weighting: str | None) -> Iterator[str]:
    chosen = weighting_of(evidence, weighting)
    table = decision_table(evidence, chosen)
    yield table.to_string(index=False, float_format="{:.4g}".format)
    if decode_attributes(evidence.attrs).get("pruning"):
        yield _drops(evidence)
    yield _mean_evaluations(table["evaluations"], evidence["loss"][0].size)
    yield f"{len(table):,} decisions{_weighted(evidence, chosen)}{_share_right(table)}"


def _drops(evidence: xr.Dataset) -> str:
    """What each look of the pruning dropped."""
    found = drops(evidence)
    test = f"the test {found.attrs['test']}, level {found.attrs['level']:g}"
    looks = by_look(found)
    if looks.empty:
        return f"pruned by {test}: no category was dropped"
    return f"pruned by {test}:\n{looks.to_string(index=False, float_format='{:.3g}'.format)}"


def _mean_evaluations(evaluations: np.ndarray | pd.Series, exhaustive: int) -> str:
    mean = np.mean(evaluations)
    return f"evaluations per image: {mean:,.1f} on average, {mean / exhaustive:.1%} of {exhaustive:,} without pruning"


def _weighted(evidence: xr.Dataset, weighting: AnyWeighting) -> str:
    if evidence["time"].isnull().all():
        return ""
    worth = f", worth {effective_number(evidence, weighting):.1f} draws" if "density" in evidence.coords else ""
    return f" with the weighting {identity_of(weighting)}{worth}"


def _share_right(table: pd.DataFrame) -> str:
    known = table[table["true_category"] != ""]
    right = known["decision"] == known["true_category"]
    return f"; {right.mean():.1%} are the true category" if len(known) else ""


def _stimuli(stimuli: xr.Dataset) -> Iterator[str]:
    for name in ("condition", "category", "texture_category"):
        if name in stimuli:
            counts = pd.Series(stimuli[name].values).value_counts(sort=False)
            yield f"images per {name}: " + ", ".join(f"{value or 'unknown'} {count}" for value, count in counts.items())


def _decisions(decisions: xr.Dataset) -> Iterator[str]:
    response = decisions["response"].values
    table = pd.DataFrame(
        {
            "observer": decisions["observer"].values,
            "family": decisions["family"].values,
            "answers": (response >= 0).sum(axis=1),
            "right": (as_text(response) == decisions["true_category"].values).mean(axis=1),
        }
    )
    yield table.to_string(index=False, formatters={"right": "{:.1%}".format})


def _numbers(dataset: xr.Dataset) -> Iterator[str]:
    """Smallest, mean and largest value of all variables with numbers."""
    numbers = [name for name, variable in dataset.data_vars.items() if variable.dtype.kind in "iuf"]
    values = [pd.Series(dataset[name].values.ravel()) for name in numbers]
    columns = {
        "min": [one.min() for one in values],
        "mean": [one.mean() for one in values],
        "max": [one.max() for one in values],
        "undefined": [one.isna().sum() for one in values],
    }
    yield pd.DataFrame(columns, index=numbers).to_string(float_format="{:.4g}".format)
