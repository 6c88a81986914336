"""What the evidence of a study will cost, from its settings alone. Nothing is computed, downloaded or loaded."""

import numpy as np
import pandas as pd

from generative_classifiers.evidence.pruning import most_draws
from generative_classifiers.evidence.store_size import store_size
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.reconstruction_layout import latent_layout, pixel_layout, token_layout
from generative_classifiers.stimuli.miniature.datasets import number_of_images as number_of_rendered_images
from generative_classifiers.study.categories import CATEGORIES

# Share of the evaluations that are left when 64 draws are pruned by the sequential test (at least 4 draws, level 0.05):
# measured on the miniature's pixel model by tests/benchmarks/yardstick.py. Clark & Jaini report 8 to 10 times less work
# with their test (arXiv 2303.15233).
PRUNED_SHARE = 0.22


def forecast(study, per_second=None):
    """Cost of all evidence of a study.

    Parameters
    ----------
    study : study.study.Study
    per_second : float, optional
        Evaluations per second of every observer, instead of the estimates in the registry.

    Returns
    -------
    pandas.DataFrame
        A row per observer and dataset: `images`; `draws` of an image; `evaluations` without pruning; `pruned`, the
        evaluations that are expected with pruning; `per_second`, NaN if unknown; `hours` and `pruned_hours` of one GPU;
        `files` of the store; `bytes` of its arrays before compression.
    """
    return pd.DataFrame(
        {"observer": observer, "dataset": dataset} | cost(study, observer, dataset, per_second)
        for observer in study.models
        for dataset in study.stimuli
    )


def cost(study, observer, dataset, per_second=None):
    """Cost of one evidence store, as a row of `forecast`."""
    row, images, draws = study.observers[observer], number_of_images(study, dataset), number_of_draws(study, observer)
    evaluations = images * (1 if row.kind.at_once else len(CATEGORIES) * draws)
    pruned = evaluations * (pruned_share(study.draws_of(observer)) if row.kind.has_levels else 1)
    speed = per_second or row.evaluations_per_second or np.nan
    size = store_size(
        images,
        study.evidence.shard,
        len(CATEGORIES),
        draws,
        reconstruction=reconstructions_of(study, observer),
        dataset=dataset,
    )
    return {
        "images": images,
        "draws": draws,
        "evaluations": evaluations,
        "pruned": pruned,
        "per_second": speed,
        "hours": evaluations / speed / 3600,
        "pruned_hours": pruned / speed / 3600,
        "files": size.files,
        "bytes": size.bytes,
    }


def totals(table):
    """Sums of a `forecast` for each observer and overall. Hours are those of the observers whose speed is known."""
    summed = ["images", "evaluations", "pruned", "hours", "pruned_hours", "files", "bytes"]
    sums = table.groupby("observer", sort=False)[summed].sum(min_count=1)
    return pd.concat([sums, sums.sum().to_frame("all").T])


def number_of_images(study, dataset):
    """Number of images of a dataset that take part, whether or not they exist yet.

    With a limit, all categories count as equally frequent in every condition, as they are in the benchmark.
    """
    row = study.datasets[dataset]
    images = number_of_rendered_images(dataset, row, study.world) if dataset in study.rendered else row.images
    return min(images, study.limit * len(row.conditions) * len(CATEGORIES)) if study.limit else images


def number_of_draws(study, observer):
    """Number of draws of an image, for a category that is never dropped."""
    return most_draws(study.draws_of(observer)) if study.observers[observer].kind.has_levels else 1


def pruned_share(draws):
    """Share of the evaluations that is expected to be left with pruning.

    Parameters
    ----------
    draws : int or study.settings.Pruning
        As `evidence.draws` in a study. For a plain number of draws, pruning after at least two draws is assumed.

    Returns
    -------
    float
        At least the share of the draws that every category gets.

    Examples
    --------
    >>> pruned_share(64)
    0.22
    >>> pruned_share(4)
    0.5
    """
    least, most = (2, draws) if isinstance(draws, int) else (draws.min, draws.max)
    return min(1.0, max(PRUNED_SHARE, least / most))


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


def as_text(table, estimated=True):
    """A `forecast` as a page to read.

    Parameters
    ----------
    table : pandas.DataFrame
    estimated : bool, optional
        Whether the speeds are the estimates of the registry.

    Returns
    -------
    str
        Costs of each store, sums for each observer and overall, and what the columns mean.
    """
    if table.empty:
        return "No models take part in this study: there is nothing to evaluate."
    sums = totals(table).rename_axis("observer").reset_index()
    mark = "~" if estimated else ""
    pages = [_formatted(rows, mark).to_string(index=False) for rows in (table, sums)]
    return "\n\n".join([*pages, "\n".join(_notes(table, estimated))])


def _formatted(table, mark):
    """Numbers as text, with a mark before those that rest on an estimated speed."""
    formats = {
        **dict.fromkeys(["images", "draws", "evaluations", "pruned", "files"], "{:,.0f}"),
        "per_second": mark + "{:,g}",
        **dict.fromkeys(["hours", "pruned_hours"], mark + "{:,.2f}"),
        "bytes": "{:,.2f}",
    }
    table = table.assign(bytes=table["bytes"] / 1e6)
    for name in table.columns.intersection(list(formats)):
        table[name] = ["?" if np.isnan(value) else formats[name].format(value) for value in table[name]]
    headings = {"per_second": "evaluations/s", "hours": "GPU-hours", "pruned_hours": "pruned GPU-hours", "bytes": "MB"}
    return table.rename(columns=headings)


def _notes(table, estimated):
    """What the columns mean, and what the numbers rest on."""
    yield "evaluations: passes of the network without pruning"
    yield (
        f"pruned: evaluations that are expected with pruning, {PRUNED_SHARE:.0%} of them or what every category gets "
        "at least"
    )
    if estimated:
        yield "~: computed with a speed in registry/observers.yaml, which is an estimate that nobody has measured"
    yield "MB: a million bytes of the arrays before compression; files: of complete stores"
    unknown = table.loc[table["per_second"].isna(), "observer"].unique()
    if len(unknown):
        yield f"?: the speed is unknown, and the totals do not include {', '.join(unknown)}"
