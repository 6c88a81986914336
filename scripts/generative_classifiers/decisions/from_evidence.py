"""Evidence -> decisions: every model decides for the category with the smallest score."""

import numpy as np
import pandas as pd

from generative_classifiers.decisions.answers import NO_ANSWER, Answers
from generative_classifiers.draws.weighting import RATE, level_weighting, pruning_correction, scores
from generative_classifiers.study.categories import CATEGORIES


def score_categories(evidence, weighting="exponential", rate=RATE):
    """Score of every category. The category with the smallest score wins (arXiv 2303.15233, equation 2).

    Parameters
    ----------
    evidence : xarray.Dataset
        `loss` (image, category, draw) with time, alpha and sigma of each draw.
    weighting, rate
        As in `draws.weighting.level_weighting`.

    Returns
    -------
    numpy.ndarray
        float64 (image, category): weighted mean of the losses over the draws, corrected for categories with fewer draws
        than others; NaN where no draw was evaluated.
    """
    weight = level_weighting(evidence["time"], evidence["alpha"], evidence["sigma"], weighting, rate)
    loss = evidence["loss"].values
    return scores(loss, weight) + pruning_correction(loss, weight)


def weighting_of(evidence, weighting=None):
    """The given weighting, or without one that of the pruning, or without pruning the default."""
    return weighting or evidence.attrs.get("pruning", {}).get("weighting", "exponential")


def decide(evidence, weighting):
    """Decide for the category with the smallest score.

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
    names = pd.Index(evidence["category"].values)
    best = _best(score_categories(evidence, weighting))
    return np.where(best < 0, -1, pd.Index(CATEGORIES).get_indexer(names)[best]).astype(np.int8)


def answers_from_evidence(evidence, weighting, source):
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
    return Answers(source, table, decide(evidence, weighting))


def decision_table(evidence, weighting="exponential", rate=RATE):
    """The decision for each image of an evidence store.

    Parameters
    ----------
    evidence : xarray.Dataset
    weighting, rate
        As in `draws.weighting.level_weighting`.

    Returns
    -------
    pandas.DataFrame
        A row per image: `image` (its name), `true_category` ('' if unknown), `decision` (a category, or `na` if none
        was evaluated), `margin` (the second smallest score minus the smallest), `evaluations` (losses in the store).
    """
    score = score_categories(evidence, weighting, rate)
    ranked = np.sort(score, axis=1)
    names = np.array([*evidence["category"].values, NO_ANSWER])
    return pd.DataFrame(
        {
            "image": evidence["name"].values,
            "true_category": evidence["true_category"].values,
            "decision": names[_best(score)],
            "margin": ranked[:, 1] - ranked[:, 0] if score.shape[1] > 1 else np.nan,
            "evaluations": evidence["loss"].notnull().sum(["category", "draw"]),
        }
    )


def _best(score):
    """Number of the category with the smallest score, int (image,); -1 where no category has a score."""
    best = np.where(np.isnan(score), np.inf, score).argmin(axis=1)
    return np.where(np.isnan(score).all(axis=1), -1, best)
