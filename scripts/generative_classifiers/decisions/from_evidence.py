"""Evidence -> decisions: every family decides by the smallest weighted loss."""

import csv

import numpy as np
import pandas as pd
import xarray as xr

from generative_classifiers.decisions import published
from generative_classifiers.draws.weighting import RATE, level_weighting, pruning_correction, scores
from generative_classifiers.io.atomic import atomic_write
from generative_classifiers.io.attributes import decode_attributes
from generative_classifiers.io.errors import InputError
from generative_classifiers.study.categories import CATEGORIES

PER_IMAGE = ("name", "condition", "true_category", "texture_category")


def score_categories(evidence: xr.Dataset, weighting: str | None = None, rate: float = RATE) -> np.ndarray:
    """Score of every category; the smallest wins (arXiv 2303.15233, equation 2).

    Parameters
    ----------
    evidence : xarray.Dataset
        `loss` (image, category, draw) with time, alpha, sigma per draw.
    weighting, rate : optional
        As in `draws.level_weighting`; by default as `weighting_of` says.

    Returns
    -------
    numpy.ndarray
        float64 (image, category): weighted mean loss over the draws of a category, made comparable where it has
        fewer than others; NaN where no draw was evaluated.
    """
    weighting = weighting_of(evidence, weighting)
    weight = level_weighting(evidence["time"], evidence["alpha"], evidence["sigma"], weighting, rate)
    loss = evidence["loss"].values
    return scores(loss, weight) + pruning_correction(loss, weight)


def weighting_of(evidence: xr.Dataset, weighting: str | None = None) -> str:
    """The weighting that is asked for, or that pruning went by, or the default."""
    pruning = decode_attributes(evidence.attrs).get("pruning", {})
    return weighting or pruning.get("weighting", "exponential")


def responses(evidence: xr.Dataset, weighting: str | None = None) -> np.ndarray:
    """The category with the smallest score, among the 16.

    Parameters
    ----------
    evidence : xarray.Dataset
    weighting : str, optional
        As in `score_categories`.

    Returns
    -------
    numpy.ndarray
        int8 (image,): index into the 16 categories; -1 where no category was evaluated.
    """
    score = score_categories(evidence, weighting)
    position = pd.Index(CATEGORIES).get_indexer(evidence.category.values)
    best = _best(score)
    return np.where(best < 0, -1, position[best]).astype(np.int8)


def _best(score):
    """Number of the category with the smallest score, int (image,); -1 where there is none."""
    best = np.where(np.isnan(score), np.inf, score).argmin(axis=1)
    return np.where(np.isnan(score).all(axis=1), -1, best)


def decide(evidence: xr.Dataset, weighting: str | None = None, rate: float = RATE) -> xr.Dataset:
    """Decisions of one observer: of each image the category with the smallest score.

    Parameters
    ----------
    evidence : xarray.Dataset
        As `open_evidence` gives it.
    weighting, rate : optional
        As in `score_categories`.

    Returns
    -------
    xarray.Dataset
        As stores of decisions, which the metrics take: `response` int16 (observer, image), the index into `category`,
        -1 where no category was evaluated. Images are sorted by name.

    Examples
    --------
    >>> evidence = xr.Dataset(
    ...     {"loss": (("image", "category", "draw"), [[[0.2, 0.4], [0.3, 0.1]], [[0.5, 0.5], [0.7, 0.6]]])},
    ...     coords={"name": ("image", ["a.png", "b.png"]), "condition": ("image", ["all", "all"]),
    ...             "true_category": ("image", ["cat", "dog"]), "category": ["cat", "dog"],
    ...             "time": ("draw", [0.1, 0.9]), "alpha": ("draw", [0.9, 0.1]), "sigma": ("draw", [0.1, 0.9])},
    ...     attrs={"observer": "mine", "family": "diffusion", "dataset": "edge"},
    ... )
    >>> decide(evidence)["response"].values
    array([[0, 0]], dtype=int16)
    >>> decide(evidence, weighting="uniform")["response"].values
    array([[1, 0]], dtype=int16)
    """
    images = evidence.isel(image=np.argsort(evidence["name"].values, kind="stable"))
    response = _best(score_categories(images, weighting, rate)).astype(np.int16)
    coords = {name: images[name] for name in PER_IMAGE if name in images.coords}
    return xr.Dataset(
        {"response": (("observer", "image"), response[None])},
        coords={
            "observer": [evidence.attrs["observer"]],
            "family": ("observer", [evidence.attrs["family"]]),
            "is_reference": ("observer", [False]),
            "category": evidence["category"],
            **coords,
        },
        attrs={"dataset": evidence.attrs["dataset"]},
    )


def tabulate(evidence: xr.Dataset, weighting: str | None = None, rate: float = RATE) -> pd.DataFrame:
    """Decisions of one observer as a table, with their margins.

    Parameters
    ----------
    evidence : xarray.Dataset
        As `open_evidence` gives it.
    weighting, rate : optional
        As in `score_categories`.

    Returns
    -------
    pandas.DataFrame
        image (name), true_category ('' where unknown), decision (category; `na` where none was evaluated), margin (how
        far the runner-up's score is above the best one), evaluations (losses that the store has of the image).
    """
    score = score_categories(evidence, weighting, rate)
    ranked = np.sort(score, axis=1)
    return pd.DataFrame(
        {
            "image": evidence["name"].values,
            "true_category": evidence["true_category"].values,
            "decision": np.array([*evidence["category"].values, published.NO_ANSWER])[_best(score)],
            "margin": ranked[:, 1] - ranked[:, 0] if score.shape[1] > 1 else np.nan,
            "evaluations": evidence["loss"].notnull().sum(["category", "draw"]),
        }
    )


def gather(dataset, row, answers, evidence, families, weighting):
    """The decisions of all observers on one dataset.

    Parameters
    ----------
    dataset : str
    row : study.datasets.Dataset
    answers : dict of str to Path
        Files in the benchmark's CSV format by observer.
    evidence : dict of str to xarray.Dataset
        Evidence by observer.
    families : dict of str to str
        By observer.
    weighting : str
        As in `draws.level_weighting`.

    Returns
    -------
    xarray.Dataset
        Decisions.

    Raises
    ------
    InputError
        That names the file or the observer, and the image that it lacks.
    """
    if answers:
        read = {name: published.read_answers(path, name, row.kind, row.conditions) for name, path in answers.items()}
        images = published.images(list(read.values()))
        answered = {name: published.align(answer, images) for name, answer in read.items()}
    else:
        images, answered = _images(next(iter(evidence.values()))), {}
    for observer, store in evidence.items():
        odd = _odd(store, images)
        if odd is not None:
            raise InputError(f"{dataset}: {observer} did not see the images that the others saw: {odd}")
        order = np.argsort(store.name.values, kind="stable")
        answered[observer] = responses(store, weighting)[order]
    return published.decisions(dataset, images, answered, families)


def _images(evidence):
    table = {"category": evidence.true_category.values, "condition": evidence.condition.values}
    return pd.DataFrame(table, index=evidence.name.values, dtype=object).sort_index()


def _odd(evidence, images):
    """An image that only one side has, or has otherwise; None if there is none."""
    seen = _images(evidence)
    single = seen.index.symmetric_difference(images.index)
    if len(single):
        return single[0]
    differs = (seen != images.loc[seen.index]).any(axis=1)
    return differs.idxmax() if differs.any() else None


def write_table(decisions, path):
    """Write decisions as a tidy CSV: observer, image, condition, true_category, response; `na` is no answer.

    Parameters
    ----------
    decisions : xarray.Dataset
    path : Path
    """
    names = np.array([*decisions.category.values, published.NO_ANSWER])
    images = list(zip(decisions.name.values, decisions.condition.values, decisions.true_category.values, strict=True))
    with atomic_write(path) as partial, partial.open("w", newline="") as handle:
        table = csv.writer(handle, lineterminator="\n")
        table.writerow(["observer", "image", "condition", "true_category", "response"])
        for observer, responses in zip(decisions.observer.values, names[decisions.response.values], strict=True):
            table.writerows((observer, *image, response) for image, response in zip(images, responses, strict=True))
