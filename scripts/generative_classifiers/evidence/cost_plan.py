"""What the evidence of a study will cost, from its settings. Nothing is evaluated, downloaded or loaded."""

import numpy as np
import pandas as pd

from generative_classifiers.evidence.pruning import most_draws
from generative_classifiers.evidence.pruning_rates import expected_share
from generative_classifiers.evidence.store_size import store_size
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.reconstruction_layout import latent_layout, pixel_layout, token_layout
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.coverage import datasets_of
from generative_classifiers.study.draws import draws_of, times_of

# Floating-point operations per second that are assumed where no speed was measured: a third of the peak of an A100, 312
# TFLOP/s in half precision and 19.5 in float32 (NVIDIA's data sheet). Losses never use TF32.
ASSUMED = {"bfloat16": 1e14, "float16": 1e14, "float32": 6.5e12}


def forecast(study, per_second=None, spent=None):
    """Cost of all evidence of a study.

    Parameters
    ----------
    study : study.study.Study
    per_second : float, optional
        Evaluations per second of every observer, as measured, instead of what the registry says.
    spent : dict of str to dict of str to float, optional
        Shares of the evaluations that pruning has left, by observer and dataset: `spent.spent_shares`. For an
        observer's other datasets, their mean counts.

    Returns
    -------
    pandas.DataFrame
        A row per observer and dataset: `images`; `draws` of a category that is never dropped; `evaluations` that the
        settings ask for, and `share`, what part they are of those without pruning; `expected`, whether that share is
        what was measured on other models; `per_second`, NaN if unknown;
        `estimated`, whether that speed follows from the operations of an evaluation and was never measured; `hours` of
        one GPU; `files` of the store; `bytes` of its arrays before compression.
    """
    return pd.DataFrame(
        {"observer": observer, "dataset": dataset}
        | cost(study, observer, dataset, per_second, (spent or {}).get(observer))
        for observer in study.models
        for dataset in datasets_of(study, observer)
    )


def cost(study, observer, dataset, per_second=None, spent=None):
    """Cost of one evidence store, as a row of `forecast`; `spent` has the shares of the observer, by dataset."""
    row, images = study.observers[observer], number_of_images(study, dataset)
    draws, share = number_of_draws(study, observer, dataset), share_of(study, observer, dataset)
    if spent and not isinstance(draws_of(study, observer, dataset), int):
        share = spent.get(dataset, np.mean([*spent.values()]))
    evaluations = share * images * (1 if row.kind.at_once else len(CATEGORIES) * draws)
    speed, estimated = speed_of(row, per_second)
    size = store_size(
        images,
        study.evidence.shard,
        len(CATEGORIES),
        draws,
        reconstruction=reconstructions_of(study, observer),
        dataset=dataset,
        density=times_of(study, observer, dataset) == "weighted" and row.family == "diffusion",
    )
    return {
        "images": images,
        "draws": draws,
        "evaluations": evaluations,
        "share": share,
        "expected": share < 1 and not spent,
        "per_second": speed,
        "estimated": estimated,
        "hours": evaluations / speed / 3600,
        "files": size.files,
        "bytes": size.bytes,
    }


def totals(table):
    """Sums of a `forecast` for each observer and overall. Hours are those of the observers whose speed is known."""
    summed = ["images", "evaluations", "hours", "files", "bytes"]
    sums = table.groupby("observer", sort=False)[summed].sum(min_count=1)
    return pd.concat([sums, sums.sum().to_frame("all").T])


def number_of_images(study, dataset):
    """Number of images of a dataset that take part, whether or not they exist yet.

    With a limit, all categories count as equally frequent in every condition, as they are in the benchmark.
    """
    row = study.datasets[dataset]
    images = study.world.number_of_images(dataset, row) if dataset in study.rendered else row.images
    return min(images, study.limit * len(row.conditions) * len(CATEGORIES)) if study.limit else images


def number_of_draws(study, observer, dataset):
    """Number of draws of an image, for a category that is never dropped."""
    return most_draws(draws_of(study, observer, dataset))


def share_of(study, observer, dataset):
    """Share of an observer's evaluations that its settings ask for: 1 unless draws are pruned."""
    row = study.observers[observer]
    return expected_share(draws_of(study, observer, dataset), row.denoises if row.family == "diffusion" else "latents")


def speed_of(row, per_second=None):
    """An observer's evaluations per second on one GPU, and whether they are an estimate.

    Parameters
    ----------
    row : study.observer.ModelObserver
    per_second : float, optional
        As for `forecast`.

    Returns
    -------
    per_second : float
        NaN if nothing is known.
    estimated : bool
    """
    measured = per_second or row.evaluations_per_second
    if measured:
        return measured, False
    if not row.gflop:
        return np.nan, True
    return 1e-9 / (row.gflop / ASSUMED[row.dtype] + (row.gflop_in_float32 or 0) / ASSUMED["float32"]), True


def reconstructions_of(study, observer):
    """How the reconstructions of an observer will be kept, as a `ReconstructionLayout`; None if none will be.

    Raises
    ------
    InputError
        Neither the registry nor the study says how large they are.
    """
    row = study.observers[observer]
    if study.evidence.reconstruct_draw is None or not row.kind.reconstructs:
        return None
    side = row.resolution or (study.world.size if study.world else None)
    if side is None:
        raise InputError(
            f"registry/observers.yaml: {observer}: expected resolution, which says how large reconstructions are"
        )
    if row.family == "masked":
        return token_layout(side // row.pixels_per_token)
    return latent_layout(row.latents.channels, side // row.latents.factor) if row.latents else pixel_layout(side)


def as_text(table):
    """A `forecast` as a page to read.

    Parameters
    ----------
    table : pandas.DataFrame

    Returns
    -------
    str
        Costs of each store, sums for each observer and overall, and what the columns mean.
    """
    if table.empty:
        return "No models take part in this study: there is nothing to evaluate."
    sums = totals(table).rename_axis("observer").reset_index()
    marked = table.groupby("observer")["estimated"].any()
    sums["estimated"] = [*(marked[name] for name in sums["observer"][:-1]), marked.any()]
    pages = [_formatted(rows).to_string(index=False) for rows in (table, sums)]
    return "\n\n".join([*pages, "\n".join(_notes(table))])


def _formatted(table):
    """Numbers as text, with a mark before those that rest on an estimated speed."""
    formats = {
        **dict.fromkeys(["images", "draws", "evaluations", "files"], "{:,.0f}"),
        "share": "{:.3g}",
        "per_second": "{:,.3g}",
        "hours": "{:,.2f}",
        "bytes": "{:,.2f}",
    }
    estimated = table["estimated"]
    expected = table.get("expected", pd.Series(False, table.index))
    table = table.assign(bytes=table["bytes"] / 1e6).drop(columns=["estimated", "expected"], errors="ignore")
    for name in table.columns.intersection(list(formats)):
        marks = expected if name == "share" else estimated & (name in ("per_second", "hours"))
        texts = ["?" if np.isnan(value) else formats[name].format(value) for value in table[name]]
        table[name] = ["~" + text if mark and text != "?" else text for text, mark in zip(texts, marks, strict=True)]
    headings = {"per_second": "evaluations/s", "hours": "GPU-hours", "bytes": "MB"}
    return table.rename(columns=headings)


def _notes(table):
    """What the columns mean, and what the numbers rest on."""
    yield "evaluations: passes of the network that the study's settings ask for"
    if (table["share"] < 1).any():
        yield (
            "share: what pruning leaves of them, as in the evidence of the observer that is there already, for example "
            "of a limited trial"
        )
    if table["expected"].any():
        yield "~share: expected, since it was measured on the miniature's models (docs/method.md, Pruning)"
    if table["estimated"].any():
        yield (
            "~: computed with a speed that nobody has measured: the operations of an evaluation (gflop in "
            f"registry/observers.yaml) at {ASSUMED['bfloat16'] / 1e12:g} TFLOP/s, or {ASSUMED['float32'] / 1e12:g} in "
            "float32"
        )
    yield "MB: a million bytes of the arrays before compression; files: of complete stores"
    unknown = table.loc[table["per_second"].isna(), "observer"].unique()
    if len(unknown):
        yield f"?: the speed is unknown, and the totals do not include {', '.join(unknown)}"
