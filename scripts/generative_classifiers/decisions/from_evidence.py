"""Evidence -> decisions: every model decides for the category with the smallest score."""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import softmax

from generative_classifiers.decisions.answers import NO_ANSWER, Answers
from generative_classifiers.draws.log_snr import weighting_with
from generative_classifiers.draws.weighting import (
    RATE,
    AnyWeighting,
    effective_draws,
    level_weighting,
    pruning_correction,
    scores,
)
from generative_classifiers.evidence.receipt import Receipt, link_of
from generative_classifiers.evidence.recorded import recorded_content
from generative_classifiers.io.attributes import decode_attributes
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.repair import repair
from generative_classifiers.io.stores import RECONSTRUCTIONS, read
from generative_classifiers.study.categories import CATEGORIES

LEAST_EFFECTIVE = 4  # draws that a decision rests on
PER_IMAGE = ("name", "condition", "true_category", "texture_category")


def read_evidence(receipt: Path, stimuli: Path) -> xr.Dataset:
    """The evidence of a study, without its reconstructions.

    Parameters
    ----------
    receipt : Path
    stimuli : Path
        The study's stimuli, which may not exist.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    InputError
        The stimuli have changed since, or the store is damaged or not complete.
    """
    found, content = Receipt.read(receipt), recorded_content(stimuli)
    if content not in (None, found.stimuli):
        raise InputError(f"{receipt}: is about other images than {stimuli}; delete it and run again")
    evidence = read(link_of(receipt), drop=RECONSTRUCTIONS)
    if evidence.attrs.get("request") != found.request:
        raise InputError(f"{receipt}: is about other evidence than {link_of(receipt)}; {repair(link_of(receipt))}")
    return evidence


def score_categories(evidence: xr.Dataset, weighting: AnyWeighting | None = None, rate: float = RATE) -> np.ndarray:
    """Score of every category. The category with the smallest score wins (arXiv 2303.15233, equation 2).

    Parameters
    ----------
    evidence : xarray.Dataset
        `loss` (image, category, draw) with time, alpha and sigma of each draw.
    weighting, rate : optional
        As in `draws.weighting.level_weighting`; by default the weighting is that of `weighting_of`.

    Returns
    -------
    numpy.ndarray
        float64 (image, category): weighted mean of the losses over the draws, corrected for categories with fewer draws
        than others; NaN where no draw was evaluated. The categories are those of `categories_of`: the score of a
        category with several prompts is the mean of theirs.
    """
    weighting = weighting_of(evidence, weighting)
    _check_effective(evidence, weighting, rate)
    weight = level_weighting(evidence["time"], evidence["alpha"], evidence["sigma"], weighting, rate)
    if "density" in evidence.coords:
        weight = weight / evidence["density"].values
    loss = evidence["loss"].values
    score, category = scores(loss, weight) + pruning_correction(loss, weight), evidence["category"].values
    return np.stack([score[:, category == name].mean(axis=1) for name in categories_of(evidence)], axis=1)


def effective_number(evidence: xr.Dataset, weighting: AnyWeighting | None = None, rate: float = RATE) -> float:
    """How many draws that are spread for a weighting are worth as much as those of the evidence.

    Parameters
    ----------
    evidence : xarray.Dataset
    weighting, rate : optional
        As for `score_categories`.

    Returns
    -------
    float
        From 1 to the number of draws (Kish's effective sample size). All of them, if levels are spread evenly or for
        this weighting.
    """
    if "density" not in evidence.coords:
        return float(evidence.sizes["draw"])
    levels = evidence["time"].values, evidence["alpha"].values, evidence["sigma"].values
    rule = decode_attributes(evidence.attrs)["times"]
    spread_for = level_weighting(*levels, rule["weighting"], rule["rate"])
    return effective_draws(level_weighting(*levels, weighting_of(evidence, weighting), rate) / spread_for)


def _check_effective(evidence, weighting, rate):
    """Raise InputError if the draws are spread for another weighting, so that few of them would decide."""
    effective, count = effective_number(evidence, weighting, rate), evidence.sizes["draw"]
    if effective < min(LEAST_EFFECTIVE, count / 2):
        raise InputError(
            f"weighting: {weighting}: the {count} draws of {evidence.attrs['observer']} on "
            f"{evidence.attrs['dataset']} are spread for another weighting and are worth {effective:.1f}; "
            f"expected at least {LEAST_EFFECTIVE}, from more draws or with `times: golden`"
        )


def categories_of(evidence: xr.Dataset) -> list[str]:
    """The categories of evidence, each once, whether it has one prompt or several."""
    return list(dict.fromkeys(evidence["category"].values.tolist()))


def posterior(score: np.ndarray, terms: int) -> np.ndarray:
    """Probability of each category, if all are equally likely beforehand.

    By Bayes' rule it is the softmax of the log-likelihoods. For these, arXiv 2303.16203 takes the negative expectation
    of the squared error, summed over all values of the image.

    Parameters
    ----------
    score : numpy.ndarray
        (image, category): as `score_categories` gives it.
    terms : int
        `models.base.Model.terms`: how many values a loss is the mean of.

    Returns
    -------
    numpy.ndarray
        float64 (image, category).

    Examples
    --------
    >>> posterior(np.array([[0.5, 0.5 + np.log(3) / 4]]), terms=4)
    array([[0.75, 0.25]])
    """
    return softmax(-terms * score, axis=1)


def weighting_of(evidence: xr.Dataset, weighting: AnyWeighting | None = None) -> AnyWeighting:
    """The given weighting, or without one that of the pruning, or without pruning the default."""
    pruning = decode_attributes(evidence.attrs).get("pruning") or {}
    return weighting or weighting_with(pruning.get("weighting", "exponential"))


def responses(evidence: xr.Dataset, weighting: AnyWeighting | None = None) -> np.ndarray:
    """The category with the smallest score, as an index into the 16 categories.

    Parameters
    ----------
    evidence : xarray.Dataset
    weighting : str
        As in `draws.weighting.level_weighting`.

    Returns
    -------
    numpy.ndarray
        int8 (image,): index into the 16 categories; -1 where no category was evaluated.
    """
    names = pd.Index(categories_of(evidence))
    best = _best(score_categories(evidence, weighting))
    return np.where(best < 0, -1, pd.Index(CATEGORIES).get_indexer(names)[best]).astype(np.int8)


def answers_from_evidence(evidence: xr.Dataset, weighting: AnyWeighting | None, source: str) -> Answers:
    """The decisions of a model, as answers.

    Parameters
    ----------
    evidence : xarray.Dataset
    weighting : str
        As in `draws.weighting.level_weighting`.
    source : str
        Where the evidence is from, for error messages.

    Returns
    -------
    Answers
    """
    images = {"category": evidence["true_category"].values, "condition": evidence["condition"].values}
    table = pd.DataFrame(images, index=evidence["name"].values, dtype=object)
    return Answers(source, table, responses(evidence, weighting))


def decide(evidence: xr.Dataset, weighting: AnyWeighting | None = None, rate: float = RATE) -> xr.Dataset:
    """Decide for the category with the smallest score, for each image of one observer.

    Parameters
    ----------
    evidence : xarray.Dataset
        As `open_evidence` gives it.
    weighting : {"exponential", "simple", "uniform"}, optional
        What each noise level counts for (`draws.weighting.level_weighting`); by default what the pruning went by, or
        "exponential" without pruning.
    rate : float, optional
        Of the exponential weighting.

    Returns
    -------
    xarray.Dataset
        As stores of decisions, which the metrics take: `response` int16 (observer, image), the index into `category`,
        -1 where no category was evaluated. Images are sorted by name.

    Examples
    --------
    >>> import xarray as xr
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
            "category": categories_of(evidence),
            **coords,
        },
        attrs={"dataset": evidence.attrs["dataset"]},
    )


def decision_table(evidence: xr.Dataset, weighting: AnyWeighting | None = None, rate: float = RATE) -> pd.DataFrame:
    """The decision for each image of an evidence store.

    Parameters
    ----------
    evidence : xarray.Dataset
        As `open_evidence` gives it.
    weighting : {"exponential", "simple", "uniform"}, optional
        What each noise level counts for (`draws.weighting.level_weighting`); by default what the pruning went by, or
        "exponential" without pruning.
    rate : float, optional
        Of the exponential weighting.

    Returns
    -------
    pandas.DataFrame
        A row per image: `image` (its name), `true_category` ('' if unknown), `decision` (a category, or `na` if none
        was evaluated), `margin` (the second smallest score minus the smallest), `evaluations` (losses in the store).
    """
    score = score_categories(evidence, weighting, rate)
    ranked = np.sort(score, axis=1)
    names = np.array([*categories_of(evidence), NO_ANSWER])
    return pd.DataFrame(
        {
            "image": evidence["name"].values,
            "true_category": evidence["true_category"].values,
            "decision": names[_best(score)],
            "margin": ranked[:, 1] - ranked[:, 0] if score.shape[1] > 1 else np.nan,
            "evaluations": evidence["loss"].notnull().sum(["category", "draw"]),
        }
    )


def _best(score: np.ndarray) -> np.ndarray:
    """Number of the category with the smallest score, int (image,); -1 where no category has a score."""
    best = np.where(np.isnan(score), np.inf, score).argmin(axis=1)
    return np.where(np.isnan(score).all(axis=1), -1, best)
