"""What a study's evidence will cost, from its settings alone: nothing is computed, downloaded or loaded."""

from math import ceil, prod
from types import SimpleNamespace

import numpy as np
import pandas as pd

from generative_classifiers.evidence.pruning import most_draws
from generative_classifiers.evidence.scoring import arrays
from generative_classifiers.io.errors import InputError
from generative_classifiers.stimuli.miniature.datasets import count
from generative_classifiers.study.benchmark_names import CUE_CONFLICT
from generative_classifiers.study.categories import CATEGORIES

# Of the exhaustive evaluations, of 64 draws, with the sequential test (4 draws at least, level 0.05): measured on the
# miniature's pixel model by tests/benchmarks/pruning.py. Clark & Jaini report 8 to 10 times less work for theirs (arXiv
# 2303.15233).
PRUNED_SHARE = 0.22


def forecast(study, per_second=None):
    """Cost of all evidence of a study.

    Parameters
    ----------
    study : study.Study
    per_second : float, optional
        Evaluations per second of every observer, instead of the estimates of their rows.

    Returns
    -------
    pandas.DataFrame
        A row per observer and dataset: `images`; `draws` of an image; `evaluations`, exhaustive, and `pruned`, how
        many of them are expected with pruning; `per_second`, NaN where unknown; `hours` and `pruned_hours` of one
        GPU; `files` of the store; and `bytes` of its arrays before compression.
    """
    return pd.DataFrame(
        {"observer": observer, "dataset": dataset} | cost(study, observer, dataset, per_second)
        for observer in study.models
        for dataset in study.stimuli
    )


def cost(study, observer, dataset, per_second=None):
    """Cost of one evidence store: a row of `forecast`."""
    row, images, draws = study.observers[observer], images_of(study, dataset), draws_of(study, observer)
    evaluations = images * (1 if row.kind.at_once else len(CATEGORIES) * draws)
    pruned = evaluations * (pruned_share(study.draws_of(observer)) if row.kind.has_levels else 1)
    speed = per_second or row.evaluations_per_second or np.nan
    return {
        "images": images,
        "draws": draws,
        "evaluations": evaluations,
        "pruned": pruned,
        "per_second": speed,
        "hours": evaluations / speed / 3600,
        "pruned_hours": pruned / speed / 3600,
        **size(study, observer, dataset),
    }


def totals(table):
    """Sums of a `forecast`, per observer and overall; hours are of the observers whose speed is known."""
    counts = ["images", "evaluations", "pruned", "hours", "pruned_hours", "files", "bytes"]
    sums = table.groupby("observer", sort=False)[counts].sum(min_count=1)
    return pd.concat([sums, sums.sum().to_frame("all").T])


def images_of(study, dataset):
    """Number of a dataset's images, whether they are there yet or not."""
    row = study.datasets[dataset]
    return count(dataset, row, study.world) if dataset in study.rendered else row.images


def draws_of(study, observer):
    """Number of draws of an image and a category that is never dropped."""
    return most_draws(study.draws_of(observer)) if study.observers[observer].kind.has_levels else 1


def pruned_share(draws):
    """Share of the evaluations that is expected to be left with pruning.

    Parameters
    ----------
    draws : int or study.settings.Pruning
        As a study's `evidence.draws`. What every category gets is the least that can be left: two draws at least.
    """
    least, most = (2, draws) if isinstance(draws, int) else (draws.min, draws.max)
    return min(1.0, max(PRUNED_SHARE, least / most))


def size(study, observer, dataset):
    """Number of files of an evidence store, and bytes of its arrays before compression."""
    family, settings, images = study.observers[observer].kind, study.evidence, images_of(study, dataset)
    reconstruct = settings.reconstruct_draw if family.reconstructs else None
    side = None if reconstruct is None else _resolution(study, observer)
    model = SimpleNamespace(categories=CATEGORIES, resolution=side)
    wanted = arrays(model, draws_of(study, observer), reconstruct)
    values = sum(np.dtype(dtype).itemsize * prod(dims.values()) for dtype, _, dims, _ in wanted.values())
    shards = ceil(images / settings.shard)
    # Each array has a file a shard and one of metadata, and so has the number of evaluations, int32.
    files = (len(wanted) + 1) * (shards + 1) + _coordinate_files(
        dataset, study.observers[observer].family, settings.seed
    )
    return {"files": files + 1, "bytes": images * (values + 4)}


def _coordinate_files(dataset, family, seed):
    """Files of a store's coordinates: each has one of metadata, and one of values unless all are NaN or 0."""
    texts = ["name", "true_category", "condition", "category"] + ["texture_category"] * (dataset == CUE_CONFLICT)
    numbers = {"diffusion": ["time", "alpha", "sigma"], "masked": ["alpha", "sigma"]}.get(family, [])
    return len(texts) + 4 + len(texts) + len(numbers) + (seed != 0)


def _resolution(study, observer):
    """Pixels along a side of what the observer paints."""
    side = study.observers[observer].resolution or (study.world.size if study.world else None)
    if side is None:
        raise InputError(
            f"registry/observers.yaml: {observer}: expected resolution, which says how large reconstructions are"
        )
    return side


def as_text(table, estimated=True):
    """A `forecast` as a page to read.

    Parameters
    ----------
    table : pandas.DataFrame
    estimated : bool, optional
        Whether the speeds are the registry's estimates.

    Returns
    -------
    str
        A row per observer and dataset, a row per observer and one overall, and what the columns are.
    """
    if table.empty:
        return "No models take part in this study: there is nothing to evaluate."
    by_observer = totals(table).rename_axis("observer").reset_index()
    tables = [_readable(one, "~" if estimated else "").to_string(index=False) for one in (table, by_observer)]
    return "\n\n".join([*tables, "\n".join(_notes(table, estimated))])


def _readable(table, mark):
    """Text of numbers; `mark` stands before those that rest on a speed that nobody measured."""
    forms = {
        **dict.fromkeys(["images", "draws", "evaluations", "pruned", "files"], "{:,.0f}"),
        "per_second": mark + "{:,g}",
        **dict.fromkeys(["hours", "pruned_hours"], mark + "{:,.2f}"),
        "bytes": "{:,.2f}",
    }
    table = table.assign(bytes=table["bytes"] / 1e6)
    texts = {
        name: table[name].map(lambda value, form=form: "?" if np.isnan(value) else form.format(value))
        for name, form in forms.items()
        if name in table
    }
    headings = {"per_second": "evaluations/s", "hours": "GPU-hours", "pruned_hours": "pruned GPU-hours", "bytes": "MB"}
    return table.assign(**texts).rename(columns=headings)


def _notes(table, estimated):
    """What the columns are, and what is behind the numbers."""
    yield "evaluations: of the network, exhaustive; pruned: what is expected of them where categories that cannot win"
    yield f"  get no more draws: {PRUNED_SHARE:.0%}, or what every category gets at least"
    if estimated:
        yield "~ rests on a speed in registry/observers.yaml, which is an estimate: nobody measured it"
    yield "MB: a million bytes of the stores' arrays, before compression; files: of complete stores"
    unknown = table.loc[table["per_second"].isna(), "observer"].unique()
    if len(unknown):
        yield f"?: the speed is unknown and totals are without it: {', '.join(unknown)}"
